// A page that is opened from the disk may not start workers, and the theme's search is one. There it
// runs in a hidden frame.
class FrameWorker extends EventTarget {
  constructor(url) {
    super();
    const frame = document.createElement("iframe");
    frame.hidden = true;
    document.body.append(frame);
    this.scope = frame.contentWindow;
    addEventListener("message", ({source, data}) => {
      if (source === this.scope) this.tell(this, data);
    });
    this.scope.document.open();
    this.scope.document.write(`<script>
      postMessage = (data) => parent.postMessage(data, "*");
      importScripts = (...urls) => urls.reduce((before, url) => before.then(() => new Promise((done, failed) =>
        document.body.append(Object.assign(document.createElement("script"),
                                           {src: url, onload: done, onerror: failed})))), Promise.resolve());
    </script><body><script src="${url}"></script></body>`);
    this.scope.document.close();
    this.loaded = new Promise((done) => { this.scope.onload = done; });
  }

  tell(target, data) {
    const event = new MessageEvent("message", {data});
    target.dispatchEvent(event);
    if (target === this) this.onmessage?.(event);
  }

  postMessage(data) {
    this.loaded.then(() => this.tell(this.scope, data));
  }

  terminate() {}
}
if (location.protocol === "file:") window.Worker = FrameWorker;
