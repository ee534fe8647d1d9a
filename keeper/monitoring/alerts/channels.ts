import type { Secret } from "../../secret.ts";
import { type Channel, type Severity, noticeText } from "./alert.ts";

const TIMEOUT_MS = 10_000;

export interface WebhookOptions {
  /** May hold a token, so it is never shown. */
  readonly url: Secret;
  readonly leastSeverity: Severity;
}

/** Posts each notice as JSON; `text` holds it in words, which is what chat services show. */
export function webhookChannel({ url, leastSeverity }: WebhookOptions): Channel {
  return {
    name: "webhook",
    leastSeverity,
    send: (notice) => post("webhook", url.reveal(), { text: noticeText(notice), ...notice }),
  };
}

export interface TelegramOptions {
  readonly token: Secret;
  readonly chatId: string;
  readonly leastSeverity: Severity;
  readonly baseUrl?: string;
}

/** Sends each notice as a message of a bot. */
export function telegramChannel(options: TelegramOptions): Channel {
  const { token, chatId, leastSeverity, baseUrl = "https://api.telegram.org" } = options;
  return {
    name: "telegram",
    leastSeverity,
    send: (notice) => {
      const url = `${baseUrl}/bot${token.reveal()}/sendMessage`;
      const isQuiet = notice.state === "resolved" || notice.severity === "info";
      return post("telegram", url, { chat_id: chatId, text: noticeText(notice), disable_notification: isQuiet });
    },
  };
}

/** @throws Error that names the channel and the status, never the address: it may hold a secret. */
async function post(channel: string, url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(() => undefined);
  if (!response) throw new Error(`The ${channel} for alerts cannot be reached.`);
  await response.body?.cancel();
  if (!response.ok) throw new Error(`The ${channel} for alerts answered with status ${response.status}.`);
}
