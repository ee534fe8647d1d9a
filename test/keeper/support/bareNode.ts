import hre from "hardhat";
import { http, createTestClient, publicActions, walletActions } from "viem";
import { watchConnections } from "../../../simulator/chain/connections.ts";
import { freePort } from "../../../simulator/chain/node.ts";

/** A local Hardhat node without any contracts, over HTTP and WebSocket. */
export async function startBareNode() {
  const port = await freePort(0);
  const server = await hre.network.createServer(
    { network: "devnet", override: { loggingEnabled: false } },
    "127.0.0.1",
    port,
  );
  const connections = watchConnections(port);
  await server.listen();
  const url = `http://127.0.0.1:${port}`;
  const client = createTestClient({ mode: "hardhat", transport: http(url), cacheTime: 0 })
    .extend(publicActions)
    .extend(walletActions);
  return {
    url,
    webSocketUrl: `ws://127.0.0.1:${port}`,
    client,
    close: async () => {
      const closed = server.close();
      connections.destroy();
      await closed;
    },
  };
}

export type BareNode = Awaited<ReturnType<typeof startBareNode>>;
