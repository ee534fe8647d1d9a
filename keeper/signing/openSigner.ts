import type { KeeperConfig } from "../config.ts";
import { UserError } from "../../sdk/userError.ts";
import { Secret } from "../secret.ts";
import { openKeystore } from "./keystore.ts";
import { localSigner } from "./localSigner.ts";
import { passwordFile } from "./passwordFile.ts";
import { remoteSigner } from "./remoteSigner.ts";
import type { Signer } from "./signer.ts";

/**
 * The signer that a configuration names; undefined when it names none.
 * @param env Where a keystore's password is looked for, as KEEL_KEYSTORE_PASSWORD, unless a file holds it.
 * @throws UserError when it names two, or the one that it names cannot be opened.
 */
export async function openSigner(
  { signer, privateKey }: Pick<KeeperConfig, "signer" | "privateKey">,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Signer | undefined> {
  if (signer && privateKey) {
    throw new UserError(
      "There is a private key and a signer, and only one can sign. Remove KEEL_PRIVATE_KEY or signer.",
    );
  }
  if (privateKey) return localSigner(privateKey);
  if (signer?.kind === "remote") return remoteSigner(signer);
  if (signer?.kind !== "keystore") return undefined;
  const text = env.KEEL_KEYSTORE_PASSWORD;
  const password = signer.passwordFile ? passwordFile(signer.passwordFile) : text ? new Secret(text) : undefined;
  if (password) return openKeystore(signer.file, password);
  throw new UserError(
    `The keystore ${signer.file} needs its password: set signer.passwordFile or KEEL_KEYSTORE_PASSWORD.`,
  );
}
