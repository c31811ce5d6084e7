// Keyboard shortcuts, active unless switched off in the help.

function listenToKeys(actions) {
  const keys = {
    " ": actions.toggle, k: actions.toggle,
    ArrowLeft: (event) => actions.step(-1, event), ArrowRight: (event) => actions.step(1, event),
    ArrowUp: () => actions.finding(-1), ArrowDown: () => actions.finding(1),
    j: () => actions.speed(-1), l: () => actions.speed(1),
    m: actions.outlines, f: actions.full, "?": actions.help,
  };
  document.addEventListener("keydown", (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || !byId("shortcuts").checked || taken(event)) return;
    event.preventDefault();
    act(event);
  });
}

// keys that the focused control or the browser needs for itself
function taken(event) {
  if (event.altKey || event.metaKey || byId("help").open) return true;
  if (event.ctrlKey && !event.key.startsWith("Arrow")) return true;
  const control = event.target.closest("button, a, select, input, summary, .scroll, .table-box");
  if (!control) return false;
  if (control.matches("select, input")) return true;
  if (control.matches(".scroll, .table-box") && event.target === control) return event.key.startsWith("Arrow");
  return event.key === " ";
}

function listenToSlider(slider, player, clock) {
  slider.addEventListener("keydown", (event) => {
    const ten = (sign) => clock.at(clamp(clock.start(player.target) + 10 * sign, 0, clock.duration));
    const goals = { Home: 0, End: clock.count - 1, PageUp: ten(-1), PageDown: ten(1) };
    if (!(event.key in goals)) return;
    event.preventDefault();
    player.goTo(goals[event.key]);
  });
}
