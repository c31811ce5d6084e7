// SPDX-License-Identifier: Apache-2.0
// The state, as server-sent events; opened again for as long as the page is open.

export class Feed {
  constructor(address, tell) {
    this.address = address;
    this.tell = tell;
    this.heardAt = null; // performance.now() of the last news
    this.connect();
  }

  connect() {
    this.source = new EventSource(this.address);
    this.source.addEventListener("state", (event) => {
      this.heardAt = performance.now();
      this.tell(JSON.parse(event.data));
    });
    // the browser goes on trying by itself, but not after every kind of refusal
    this.source.addEventListener("error", () => {
      if (this.source.readyState === EventSource.CLOSED) setTimeout(() => this.connect(), 1000);
    });
  }
}
