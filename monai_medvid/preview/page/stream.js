// SPDX-License-Identifier: Apache-2.0
// Reads the MJPEG stream itself instead of leaving it to an <img>: so the page knows which picture
// is on the screen, how old it was when it was sent, and that no more come.

const END = [13, 10, 13, 10];

export class Stream {
  constructor(address, canvas, drawn) {
    this.address = address;
    this.canvas = canvas;
    this.drawn = drawn;
    this.takenAt = null; // performance.now() at which the picture on the screen was taken
    this.run();
  }

  async run() {
    for (;;) {
      try {
        await this.read();
      } catch {
        // no server, or it went away: the watch says so
      }
      await new Promise((done) => setTimeout(done, 500));
    }
  }

  async read() {
    const answer = await fetch(this.address, { cache: "no-store" });
    if (!answer.ok) return;
    const reader = answer.body.getReader();
    let rest = new Uint8Array(0);
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest = join(rest, value);
      for (let part = take(rest); part; part = take(rest)) {
        rest = part.rest;
        this.newest = part;
      }
      this.show();
    }
  }

  async show() {
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.newest) {
        const part = this.newest;
        this.newest = null;
        const came = performance.now();
        await this.draw(part);
        this.takenAt = came - 1000 * part.age;
        this.drawn(part);
      }
    } catch {
      // a damaged picture is left out: the one before it grows old
    } finally {
      this.busy = false;
    }
  }

  async draw(part) {
    const image = await createImageBitmap(new Blob([part.data], { type: "image/jpeg" }));
    if (this.canvas.width !== image.width || this.canvas.height !== image.height) {
      this.canvas.width = image.width;
      this.canvas.height = image.height;
    }
    this.canvas.getContext("2d").drawImage(image, 0, 0);
    image.close();
  }
}

function join(one, two) {
  const both = new Uint8Array(one.length + two.length);
  both.set(one);
  both.set(two, one.length);
  return both;
}

// The first whole part of what came so far, or null.
function take(bytes) {
  const end = find(bytes);
  if (end < 0) return null;
  const head = new TextDecoder().decode(bytes.subarray(0, end));
  const value = (name) => Number(new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1]);
  const begin = end + END.length;
  const length = value("Content-Length");
  if (!(length > 0)) throw new Error("no length");
  if (bytes.length < begin + length) return null;
  return {
    number: value("X-Number"),
    seconds: value("X-Seconds"),
    age: value("X-Age"),
    data: bytes.slice(begin, begin + length),
    rest: bytes.slice(begin + length),
  };
}

function find(bytes) {
  for (let i = 0; i + END.length <= bytes.length; i += 1) {
    if (END.every((byte, k) => bytes[i + k] === byte)) return i;
  }
  return -1;
}
