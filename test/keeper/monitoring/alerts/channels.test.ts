import { expect } from "chai";
import type { Notice } from "../../../../keeper/monitoring/alerts/alert.ts";
import { telegramChannel, webhookChannel } from "../../../../keeper/monitoring/alerts/channels.ts";
import { Secret } from "../../../../keeper/secret.ts";
import { type LocalServer, type Reply, startHttpServer } from "../../../support/httpServer.ts";

const NOTICE: Notice = {
  alert: { name: "RpcDown", subject: "eth", detail: "0 of 2 endpoints can be used" },
  severity: "critical",
  state: "firing",
  count: 1,
  at: "2026-12-01T08:00:00.000Z",
};
const TEXT = "[CRITICAL] RpcDown eth: No RPC endpoint can be used. 0 of 2 endpoints can be used";
const TOKEN = "12345:very-secret";

describe("Alert channels", () => {
  let server: LocalServer;
  let reply: Reply = {};
  beforeEach(async () => {
    reply = { json: { ok: true } };
    server = await startHttpServer(() => reply);
  });
  afterEach(() => server.close());

  const webhook = (path = "/hook?token=very-secret") =>
    webhookChannel({ url: new Secret(`${server.url}${path}`), leastSeverity: "info" });
  const telegram = () =>
    telegramChannel({ token: new Secret(TOKEN), chatId: "-100", leastSeverity: "info", baseUrl: server.url });
  const failure = async (sending: Promise<void>): Promise<string> => {
    const error = await sending.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!(error instanceof Error)) throw new Error("It was delivered.");
    return `${error.stack ?? ""} ${JSON.stringify(error)} ${String(error.cause)}`;
  };

  it("post a notice to a webhook, in words and as data", async () => {
    await webhook().send(NOTICE);
    const [request] = server.received;
    expect(request).to.include({ method: "POST", path: "/hook?token=very-secret" });
    expect(JSON.parse(request?.body ?? "")).to.deep.equal({ text: TEXT, ...NOTICE });
  });

  it("send a notice through a Telegram bot, quietly when it is over", async () => {
    await telegram().send(NOTICE);
    await telegram().send({ ...NOTICE, state: "resolved" });
    expect(server.received[0]?.path).to.equal(`/bot${TOKEN}/sendMessage`);
    const bodies = server.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    expect(bodies[0]).to.deep.equal({ chat_id: "-100", text: TEXT, disable_notification: false });
    expect(bodies[1]).to.include({ disable_notification: true });
  });

  it("reject when the service refuses or drops the line, without showing address or token", async () => {
    for (const [answer, words] of [
      [{ status: 429 }, "answered with status 429"],
      [{ status: 302 }, "cannot be reached"],
      [undefined, "cannot be reached"],
    ] as const) {
      reply = answer;
      for (const channel of [webhook(), telegram()]) {
        const message = await failure(channel.send(NOTICE));
        expect(message).to.include(words).and.not.include("very-secret");
      }
    }
  });
});
