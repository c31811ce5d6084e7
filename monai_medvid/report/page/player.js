// Plays, seeks and steps by frame number. The frame that is shown is told by the time stamp of
// the picture itself (requestVideoFrameCallback); seeks go to the middle of a frame, and have
// arrived when its picture is on the screen: "seeked" may come some pictures earlier.

const LONGEST_MS = 1000; // for that picture; hidden pages are never given one

function makePlayer(video, clock, onFrame) {
  let frame = 0;
  let wanted = null; // the frame that was asked for last, until it is there
  let late = false; // whether the machine is too busy to draw with the picture
  let sought = null; // the frame that the player is or was sent to
  let pictured = null; // the frame whose picture came last
  const stamps = video && "requestVideoFrameCallback" in HTMLVideoElement.prototype;

  function show(index) {
    frame = index;
    onFrame(frame);
  }

  function watch(now, picture) {
    late = now - picture.expectedDisplayTime > 1000 * (clock.duration / clock.count);
    pictured = clock.stamped(picture.mediaTime);
    if (there()) wanted = null;
    show(pictured);
    video.requestVideoFrameCallback(watch);
  }

  function watchRoughly() {
    if (!video.paused) show(clock.at(video.currentTime));
    requestAnimationFrame(watchRoughly);
  }

  function seek() {
    if (video.readyState === 0 || video.seeking) return;
    sought = wanted;
    video.currentTime = clock.middle(sought);
  }

  function there() {
    if (video.seeking || wanted !== sought) return false;
    return !stamps || !video.paused || pictured === sought;
  }

  function arrived() {
    if (wanted === null) return;
    if (wanted !== sought) return seek(); // wished anew meanwhile
    if (there()) return settleAt(sought);
    const awaited = sought;
    setTimeout(() => wanted === awaited && !video.seeking && settleAt(awaited), LONGEST_MS);
  }

  function settleAt(index) {
    wanted = null;
    if (video.paused) show(index);
  }

  // Playing ends somewhere between two pictures: settle on the one that was last shown.
  function settle() {
    if (wanted === null && !video.ended) goTo(frame);
    onFrame(frame);
  }

  // A busy machine may leave out the last pictures; the last one is what is told, so it is shown.
  function ended() {
    const last = clock.count - 1;
    if (stamps && pictured !== last) goTo(last);
    else show(last);
  }

  function goTo(index) {
    index = clamp(Math.round(index), 0, clock.count - 1);
    if (!playable()) return show(index);
    wanted = index;
    seek();
  }

  function playable() {
    return video !== null && video.error === null;
  }

  function step(frames) {
    if (playable() && !video.paused) video.pause();
    goTo((wanted === null ? frame : wanted) + frames);
  }

  function toggle() {
    if (!playable()) return;
    if (!video.paused) return video.pause();
    if (wanted === null && frame === clock.count - 1) video.currentTime = 0;
    video.play().catch(() => {});
  }

  if (video) {
    video.addEventListener("loadedmetadata", () => wanted !== null && seek());
    video.addEventListener("seeked", arrived);
    video.addEventListener("pause", () => requestAnimationFrame(settle));
    video.addEventListener("ended", ended);
    if (stamps) video.requestVideoFrameCallback(watch);
    else requestAnimationFrame(watchRoughly);
  }

  return {
    goTo,
    step,
    toggle,
    playable,
    get frame() { return frame; },
    get target() { return wanted === null ? frame : wanted; },
    get playing() { return playable() && !video.paused; },
    // whether picture and outlines are of the same frame for certain
    get exact() { return !playable() || (video.paused && wanted === null); },
    get late() { return late; },
    pause() { if (playable()) video.pause(); },
    set rate(value) { if (video) video.playbackRate = value; },
  };
}
