/** A program as it was before there was a system: Express, a list in memory, nothing of Cantle. */
import express from "express";

const guestbook = [{ name: "Ann", text: "Lovely weather." }];

const app = express();
app.use(express.json());

app.get("/health", (_request, response) => {
  response.json({ ok: true });
});

app.get("/guestbook", (_request, response) => {
  response.json(guestbook);
});

app.post("/guestbook", (request, response) => {
  const { name, text } = request.body ?? {};
  if (typeof name !== "string" || typeof text !== "string") {
    response.status(400).json({ error: "name and text are needed" });
    return;
  }
  guestbook.push({ name, text });
  response.status(201).json({ name, text });
});

const port = Number(process.env.PORT ?? 3000);
const host = process.env.HOST ?? "localhost";
app.listen(port, host, () => console.log(`guestbook on http://${host}:${port}`));
