import { once } from "node:events";
import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Registry } from "prom-client";
import { UserError, messageOf } from "../../sdk/userError.ts";
import type { HealthReport } from "./health.ts";

export interface MonitoringServerOptions {
  /** 127.0.0.1 unless the figures are to be read from elsewhere; nothing here changes anything or shows a secret. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly registry: Registry;
  readonly liveness: () => HealthReport;
  readonly readiness: () => HealthReport;
  /** A page for people, of the last so many hours. */
  readonly page: (hours: number) => Promise<string>;
  /** How long a page may take; a connection on which nothing moves is closed after three times that. */
  readonly patienceMs?: number;
}

export interface MonitoringServer {
  readonly url: string;
  close(): Promise<void>;
}

const PATIENCE_MS = 10_000;
const SILENT_PATIENCES = 3;
const DEFAULT_HOURS = 24;
const MOST_HOURS = 24 * 31;
/** The page is made of markup, its own styles and charts: nothing that it shows could run, or load anything. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/**
 * Serves a page for people at `/` (`/?hours=168` shows a week), `/metrics` for Prometheus, and `/health` and `/ready`, which
 * answer 503 with the failed checks when they fail.
 * @throws UserError when the port is taken.
 */
export async function startMonitoringServer(options: MonitoringServerOptions): Promise<MonitoringServer> {
  const { host, port, patienceMs = PATIENCE_MS } = options;
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => fail(response, error));
  });
  server.setTimeout(SILENT_PATIENCES * patienceMs);
  await listen(server, host, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

async function answer(
  { registry, liveness, readiness, page, patienceMs = PATIENCE_MS }: MonitoringServerOptions,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") return send(response, 405, "text/plain", "Only GET is answered.\n");
  const { pathname, searchParams } = new URL(`http://keeper${url ?? "/"}`);
  switch (pathname) {
    case "/":
      return sendPage(
        response,
        (hours) => within(patienceMs, page(hours)),
        searchParams.get("hours") ?? String(DEFAULT_HOURS),
      );
    case "/metrics":
      return send(response, 200, registry.contentType, await registry.metrics());
    case "/health":
      return sendReport(response, liveness());
    case "/ready":
      return sendReport(response, readiness());
    default:
      return send(response, 404, "text/plain", "There are /, /metrics, /health and /ready.\n");
  }
}

async function sendPage(response: ServerResponse, page: MonitoringServerOptions["page"], text: string): Promise<void> {
  const hours = Number(text);
  if (!/^\d+$/.test(text) || hours < 1 || hours > MOST_HOURS) {
    return send(
      response,
      400,
      "text/plain",
      `hours must be a whole number from 1 to ${MOST_HOURS}, as in /?hours=168.\n`,
    );
  }
  response.setHeader("content-security-policy", PAGE_POLICY);
  send(response, 200, "text/html; charset=utf-8", await page(hours));
}

/** A database that hangs must not make readers hang. */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const done = new AbortController();
  const late = sleep(limitMs, undefined, { signal: done.signal }).then(() => {
    throw new Error(`it takes longer than ${String(limitMs / 1000)} s.`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    done.abort();
  }
}

/** The loop must not fall with a page. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else send(response, 503, "text/plain", `This cannot be shown now: ${messageOf(error)}\n`);
}

function sendReport(response: ServerResponse, report: HealthReport): void {
  send(response, report.ok ? 200 : 503, "application/json", `${JSON.stringify(report)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "EADDRINUSE" ? "is already in use" : `cannot be listened on (${code ?? "unknown"})`;
    throw new UserError(`Port ${port} of ${host} for metrics ${why}. Choose another one with monitoring.port.`, {
      cause,
    });
  }
}
