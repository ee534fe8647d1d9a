/** An outside service did not give what was asked for. The message names its host alone. */
export class FeedError extends Error {
  override readonly name = "FeedError";
}

export interface HttpOptions {
  readonly timeoutMs?: number;
  /** Characters of the longest answer that is read. */
  readonly maxLength?: number;
}

const TIMEOUT_MS = 5_000;
const MAX_LENGTH = 16_000_000;

/** The text at `url`. @throws FeedError when it cannot be had in time, or is too long. */
export async function getText(url: URL, options: HttpOptions = {}): Promise<string> {
  const { timeoutMs = TIMEOUT_MS, maxLength = MAX_LENGTH } = options;
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
    if (!response.ok) {
      await response.body?.cancel();
      throw new FeedError(`${url.host} answered with status ${response.status}`);
    }
    return await limited(response, maxLength, url.host);
  } catch (error) {
    if (error instanceof FeedError) throw error;
    throw new FeedError(`${url.host} cannot be reached, or not in time`);
  }
}

/** The same, parsed. */
export async function getJson(url: URL, options: HttpOptions = {}): Promise<unknown> {
  const text = await getText(url, options);
  try {
    return JSON.parse(text);
  } catch {
    throw new FeedError(`${url.host} answered with something that is not JSON`);
  }
}

async function limited(response: Response, maxLength: number, host: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > maxLength) throw new FeedError(`${host} answered with more than ${maxLength} characters`);
  }
  return text + decoder.decode();
}
