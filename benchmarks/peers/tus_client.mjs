// One upload by tus-js-client: node tus_client.mjs ENDPOINT FILE [TOKEN]. Prints {"url", "seconds"} when the server has acknowledged
// the last byte, and a line on standard error when it begins.

import { createReadStream, statSync } from "node:fs";
import { Upload } from "tus-js-client";

const [endpoint, file, token] = process.argv.slice(2);
const begun = performance.now();
const upload = new Upload(createReadStream(file), {
  endpoint,
  uploadSize: statSync(file).size,
  chunkSize: 16 * 1024 ** 2,
  retryDelays: null,
  headers: token ? { Authorization: `Bearer ${token}` } : {},
  metadata: { filename: "measured.bin" },
  onError(error) {
    console.error(String(error));
    process.exit(1);
  },
  onSuccess() {
    console.log(JSON.stringify({ url: upload.url, seconds: (performance.now() - begun) / 1000 }));
    process.exit(0);
  },
});
console.error("begun");
upload.start();
