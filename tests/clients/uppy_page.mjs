// Uppy as it is, bundled for a page of another origin: `window.send(file, endpoint, token)`.

import Uppy from "@uppy/core";
import Tus from "@uppy/tus";

window.send = (file, endpoint, token) =>
  new Promise((resolve) => {
    const uppy = new Uppy({ autoProceed: false });
    const said = [];
    uppy.use(Tus, {
      endpoint,
      chunkSize: 4 * 1024 ** 2,
      headers: { Authorization: `Bearer ${token}` },
      onBeforeRequest: (request) => said.push(request.getMethod()),
    });
    uppy.addFile({ name: file.name, type: file.type, data: file });
    uppy.upload().then((result) =>
      resolve({
        said,
        failed: result.failed.map((one) => String(one.error)),
        urls: result.successful.map((one) => one.tus?.uploadUrl ?? one.uploadURL),
      }),
    );
  });
