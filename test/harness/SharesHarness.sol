// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

import {AsyncShares} from "../../contracts/base/AsyncShares.sol";

/// @title The LPs' side of the vault on a pool whose worth the test sets
contract SharesHarness is AsyncShares {
    uint256 private constant WAD = 1e18;
    uint256 private constant EPOCH = 1 days;

    uint256 public pool;
    uint256 public endsAt;

    constructor(IERC20 usdc_) AsyncShares(usdc_) ERC20("Harness", "H") {
        endsAt = block.timestamp + EPOCH;
    }

    /// @dev A gain or a loss. It moves no tokens: the test sends the vault USDC to pay a gain with.
    function setPool(uint256 assets) external {
        pool = assets;
    }

    /// @dev Closes the epoch, whenever: all deposits and `part` (WAD) of the redemptions, all at one price.
    function process(uint256 part) external {
        uint256 supply = totalSupply();
        (uint256 sharesIn, uint256 assetsOut) = _queuedRedemptions(pool, supply);
        (uint256 assetsIn, ) = _fillDeposits(pool, supply);
        (sharesIn, assetsOut) = ((sharesIn * part) / WAD, (assetsOut * part) / WAD);
        _fillRedemptions(sharesIn, assetsOut);
        pool = pool + assetsIn - assetsOut;
        endsAt = block.timestamp + EPOCH;
    }

    function _epochEnd() internal view override returns (uint256, uint256) {
        return (endsAt, EPOCH);
    }

    function _poolAssets() internal view override returns (uint256) {
        return pool;
    }
}
