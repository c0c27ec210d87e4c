// Keeps the page, so that it works without a network. `files.js` is written by the build: it changes
// with every file, and with it this worker.
importScripts("files.js");
/* global BUILD, FILES */

const kept = `quell-${BUILD}`;

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(kept).then((cache) => cache.addAll(FILES)));
});

addEventListener("activate", (event) => {
  const drop = (names) =>
    Promise.all(names.filter((name) => name !== kept).map((name) => caches.delete(name)));
  event.waitUntil(caches.keys().then(drop).then(() => clients.claim()));
});

// What is kept first; what is fetched besides (examples, pages of the manual) is kept from then on.
addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || event.request.headers.has("range")) return;
  const answer = async () => {
    const cache = await caches.open(kept);
    const found = await cache.match(event.request, { ignoreSearch: true });
    if (found) return found;
    const response = await fetch(event.request);
    if (response.ok && new URL(event.request.url).origin === location.origin) {
      await cache.put(event.request, response.clone());
    }
    return response;
  };
  event.respondWith(answer());
});
