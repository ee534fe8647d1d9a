// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IHedgePosition} from "./IHedgePosition.sol";
import {ISwapVenue} from "./ISwapVenue.sol";

/// @title Keeps the vault delta-neutral, with real swaps that only ever reduce its exposure
/// @notice The chain knows the vault's net delta; a keeper merely chooses when, how much and through which venue. A
/// swap is accepted only if it makes |net delta| smaller without passing zero, within `maxSlippageBps` of the oracle,
/// on an allow-listed venue, with the proceeds to this desk.
interface IHedgeDesk is IHedgePosition {
    /// @notice A request to buy or sell the underlying.
    /// @param amount WAD units: positive buys, negative sells.
    /// @param cashLimit USDC: the most to spend or the least to receive. The oracle bound holds besides.
    /// @param venue An allow-listed adapter. @param route Venue-specific. @param deadline Unix seconds.
    struct Order {
        int256 amount;
        uint256 cashLimit;
        ISwapVenue venue;
        bytes route;
        uint256 deadline;
    }

    event Rebalanced(
        address indexed keeper,
        ISwapVenue indexed venue,
        int256 amount,
        uint256 cash,
        uint256 spot,
        int256 netDeltaBefore,
        int256 netDeltaAfter
    );
    event VenueSet(ISwapVenue indexed venue, bool allowed);
    event MaxSlippageSet(uint256 maxSlippageBps);

    error DeadlinePassed(uint256 deadline, uint256 time);
    error VenueNotAllowed(ISwapVenue venue);
    error ZeroAmount();
    /// @notice The order does not reduce the net delta, or passes zero. At most `-netDelta` may be ordered.
    error NotTowardsNeutral(int256 amount, int256 netDelta);
    error InventoryExceeded(uint256 asked, uint256 inventory);
    error SlippageExceeded(uint256 cash, uint256 limit);
    error FilledWrongAmount(uint256 asked, uint256 filled);
    error InvalidSlippage(uint256 maxSlippageBps);

    /// @notice Trades towards neutral. Role: KEEPER. @return cash USDC spent or received.
    function rebalance(Order calldata order) external returns (uint256 cash);

    /// @notice Book delta plus hedge at the vault's current mark, WAD.
    function netDelta() external view returns (int256);
}
