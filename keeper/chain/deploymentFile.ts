import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Deployment, deploymentSchema, parseDeployment } from "../../sdk/deployment.ts";
import { UserError, messageOf } from "../../sdk/userError.ts";

const PROJECT_ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** `deployments/<network>.json` of this checkout. */
export function deploymentPath(network: string): string {
  return join(PROJECT_ROOT, "deployments", `${network}.json`);
}

/**
 * Reads and checks a deployment file.
 * @throws UserError when the file is missing, is not JSON, or misses something.
 */
export function readDeployment(path: string): Deployment {
  return parseDeployment(parseJson(path), path);
}

/** Writes a deployment file in one step: a reader sees the old one or the new one, never half of it. */
export function writeDeployment(path: string, deployment: Deployment): void {
  const temporary = `${path}.${process.pid}.tmp`;
  mkdirSync(dirname(path), { recursive: true });
  try {
    writeFileSync(temporary, `${JSON.stringify(deploymentSchema.parse(deployment), null, 2)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function parseJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new UserError(`${path} is not valid JSON (${messageOf(error)}). Deploy again, which rewrites it.`);
    }
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new UserError(`${path} does not exist. Start the local chain with "npm run devnet", or deploy first.`);
  }
}
