/** What a TypeScript client of Keel needs, on viem: see README.md. */
export { errorsAbi } from "./abi/errors.ts";
export { hedgeDeskAbi } from "./abi/hedgeDesk.ts";
export { lensAbi } from "./abi/lens.ts";
export { optionMarketAbi } from "./abi/optionMarket.ts";
export { optionVaultAbi } from "./abi/optionVault.ts";
export { priceOracleAbi } from "./abi/priceOracle.ts";
export { volSurfaceAbi } from "./abi/volSurface.ts";
export {
  cancelDeposit,
  cancelRedeem,
  claimAssets,
  claimShares,
  processEpoch,
  requestDeposit,
  requestRedeem,
} from "./actions/liquidity.ts";
export { exercise, settle } from "./actions/settlement.ts";
export { readSnapshot } from "./actions/snapshot.ts";
export { type AccountState, type MarketState, type SeriesState, marketState, positions } from "./actions/state.ts";
export { type Leg, type Quote, type TradeOptions, quote, trade } from "./actions/trading.ts";
export { approveUsdc, write } from "./actions/write.ts";
export { type KeelClient, type KeelReader, readerOf } from "./client.ts";
export { type KeelContracts, contractsOf } from "./contracts.ts";
export { type Deployment, type ProtocolAddresses, parseDeployment } from "./deployment.ts";
export { type Replay, type TimedLog, createReplay } from "./eventReplay.ts";
export * from "./portfolio/index.ts";
export * from "./pricing/index.ts";
export { type Revert, callFailure, decodeRevert, revertOf } from "./reverts.ts";
export { type RouteLeg, type Routing, encodeRoute, uniswapRouting } from "./route.ts";
export { type Series, decodeSeries, expiryName, findSeries, seriesId, seriesName } from "./series.ts";
export { findSettlementRound } from "./settlementRound.ts";
export { type OnChainSlice, fromOnChainSlice, toOnChainSlice } from "./slice.ts";
export { fromUsdc, fromWad, toWad } from "./units.ts";
export { UserError } from "./userError.ts";
export { VERSION, requireVersion } from "./version.ts";
