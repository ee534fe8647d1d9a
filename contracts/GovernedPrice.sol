// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IPriceOracle} from "./interfaces/IPriceOracle.sol";

/// @title One price, to wind a pool down with when its feed is dead
/// @notice The governor deploys it and names it to the vault, with the delay of all he does: everybody sees the price before it
/// counts. Then hedges are unwound at it, epochs are priced at it, and holders may close, but nothing is opened. It settles
/// nothing: what open options pay is decided by the oracle that they were listed with, or a week after their expiry by the
/// governor (`settleWithoutFeed`).
contract GovernedPrice is IPriceOracle {
    /// @notice WAD.
    uint256 public immutable price;

    /// @notice There are no rounds to settle `expiry` by.
    error NoRounds(uint256 expiry);

    constructor(uint256 price_) {
        if (price_ == 0 || price_ > type(uint96).max) revert InvalidOracle("price");
        price = price_;
    }

    /// @inheritdoc IPriceOracle
    function spot() external view returns (uint256, uint256 updatedAt) {
        return (price, block.timestamp);
    }

    /// @inheritdoc IPriceOracle
    function read() external view returns (Reading memory) {
        return Reading({spot: price, low: price, high: price, updatedAt: block.timestamp, stale: true});
    }

    /// @inheritdoc IPriceOracle
    function averageNear(uint256 price_) external pure returns (uint256) {
        return price_;
    }

    /// @inheritdoc IPriceOracle
    function lastUpdate() external view returns (uint256) {
        return block.timestamp;
    }

    /// @inheritdoc IPriceOracle
    function settlementPrice(uint256 expiry, uint80) external pure returns (uint256) {
        revert NoRounds(expiry);
    }

    /// @inheritdoc IPriceOracle
    function settle(uint256 expiry, uint80) external pure returns (uint256) {
        revert NoRounds(expiry);
    }
}
