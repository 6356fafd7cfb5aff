// A tus server to measure against: node tus_server.mjs PORT file FOLDER, or node tus_server.mjs PORT s3 (by AWS_* and S3_* variables).

import { FileStore } from "@tus/file-store";
import { S3Store } from "@tus/s3-store";
import { Server } from "@tus/server";

const [port, kind, folder] = process.argv.slice(2);
const PART = 16 * 1024 ** 2;

function datastore() {
  if (kind === "file") return new FileStore({ directory: folder });
  return new S3Store({
    partSize: PART,
    s3ClientConfig: {
      bucket: process.env.S3_BUCKET,
      endpoint: process.env.S3_ENDPOINT_URL,
      region: process.env.S3_REGION,
      forcePathStyle: true,
      credentials: { accessKeyId: process.env.S3_ACCESS_KEY_ID, secretAccessKey: process.env.S3_SECRET_ACCESS_KEY },
    },
  });
}

const server = new Server({ path: "/files", datastore: datastore() });
server.listen({ host: "127.0.0.1", port: Number(port) }, () => console.log("ready"));
