// Uploads by tus-js-client as it is: node tus_js_client.mjs '{"scenario": …, "endpoint": …, "token": …, "file": …, "storage": …}'.
// Prints what happened as one line of JSON.

import { createReadStream } from "node:fs";
import { PassThrough } from "node:stream";
import { FileUrlStorage, Upload } from "tus-js-client";

const asked = JSON.parse(process.argv[2]);
const MIB = 1024 ** 2;
const sent = { requests: [], bytes: 0 };

function options(more) {
  return {
    endpoint: asked.endpoint,
    chunkSize: 2 * MIB,
    retryDelays: [0, 500],
    headers: { Authorization: `Bearer ${asked.token}` },
    metadata: { filename: "clïent.bin", filetype: "application/octet-stream" },
    urlStorage: new FileUrlStorage(asked.storage),
    onBeforeRequest: (request) => sent.requests.push(request.getMethod()),
    ...more,
  };
}

/** Resolves with the upload once it succeeded, or once `until` says that it has been seen enough of. */
function run(more, until = () => false, source = createReadStream(asked.file)) {
  return new Promise((resolve, reject) => {
    const upload = new Upload(
      source,
      options({
        onError: reject,
        onSuccess: () => resolve(upload),
        onChunkComplete: (size, accepted) => {
          sent.bytes += size;
          if (until(accepted)) {
            upload.abort().then(() => resolve(upload));
          }
        },
        ...more,
      }),
    );
    upload.findPreviousUploads().then((previous) => {
      if (asked.scenario === "resume" && previous.length) {
        upload.resumeFromPreviousUpload(previous[0]);
      }
      upload.start();
    });
  });
}

const scenarios = {
  plain: () => run({ uploadSize: asked.size }),
  override: () => run({ uploadSize: asked.size, overridePatchMethod: true }),
  creation: () => run({ uploadSize: asked.size, uploadDataDuringCreation: true }),
  // A stream that is no file: nobody knows where it ends.
  deferred: () => run({ uploadLengthDeferred: true }, undefined, createReadStream(asked.file).pipe(new PassThrough())),
  parallel: () =>
    // Slices need a file that can be read anywhere, not a stream.
    new Promise((resolve, reject) => {
      const upload = new Upload(
        createReadStream(asked.file),
        options({ chunkSize: Infinity, parallelUploads: 3, onError: reject, onSuccess: () => resolve(upload) }),
      );
      upload.start();
    }),
  terminate: async () => {
    const upload = await run({ uploadSize: asked.size }, (accepted) => accepted >= 4 * MIB);
    await upload.abort(true);
    return upload;
  },
  interrupt: () => run({ uploadSize: asked.size }, (accepted) => accepted >= 4 * MIB),
  resume: () => run({ uploadSize: asked.size }),
};

try {
  const upload = await scenarios[asked.scenario]();
  console.log(JSON.stringify({ url: upload.url, ...sent }));
  process.exit(0);
} catch (error) {
  console.error(String(error));
  process.exit(1);
}
