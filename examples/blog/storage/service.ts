/** The storage service: images go up as streams and come down as streams; at no time is one whole in memory. */
import { join, resolve } from "node:path";
import { database } from "@cantle/database";
import { service } from "@cantle/service";
import { z } from "zod";
import { imageTypes, storage } from "./contract.ts";
import { readImage, removeImage, writeImage } from "./files.ts";
import { migrations, type Tables } from "./tables.ts";

const config = z.object({
  /** Where the images are; relative to the folder of the system. */
  folder: z.string().min(1).default(".cantle/images"),
  /** The most images that one user stores. */
  imagesPerUserMax: z.int().positive().default(1_000),
  /** What the URLs of images begin with. */
  urlPrefix: z.string().default("/api/images/"),
});

const systemFolder = join(import.meta.dirname, "..");

export default service(storage, {
  config,
  uses: { database: database<Tables>({ migrations }) },
  handlers: {
    async upload(_input, { caller, clock, config, database, fail, random, upload }) {
      const { count } = await database
        .selectFrom("images")
        .select((row) => row.fn.countAll<number>().as("count"))
        .where("owner_id", "=", caller.id)
        .executeTakeFirstOrThrow();
      if (Number(count) >= config.imagesPerUserMax) throw fail("StorageFull");
      const folder = resolve(systemFolder, config.folder);
      const id = random.hex(16);
      const type = imageTypes.find((known) => known === upload.type);
      const size = type && (await writeImage(folder, id, { type, chunks: upload.chunks }));
      if (type === undefined || size === undefined) throw fail("NotAnImage");
      const created_at = new Date(clock.wallMs()).toISOString();
      try {
        await database
          .insertInto("images")
          .values({ id, owner_id: caller.id, type, size_bytes: size, created_at })
          .execute();
      } catch (error) {
        await removeImage(folder, id);
        throw error;
      }
      return { id, url: `${config.urlPrefix}${id}` };
    },

    async download({ id }, { config, database, fail }) {
      const row = await database
        .selectFrom("images")
        .select(["type", "size_bytes"])
        .where("id", "=", id)
        .executeTakeFirst();
      if (row === undefined) throw fail("NoSuchImage");
      return { type: row.type, size: row.size_bytes, chunks: readImage(resolve(systemFolder, config.folder), id) };
    },
  },
});
