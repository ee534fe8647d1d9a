// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";

import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {CHEATS} from "./Cheats.sol";
import {Stage} from "./Stage.sol";

/// @notice What holders of settled series do: each is paid its pay-off, once.
abstract contract HolderActions is Stage {
    uint256 private constant RECENT = 8;

    /// @dev By oneself, or by anyone in a batch.
    function exercise(uint256 input) external onTime {
        uint256 seed = _seed(input);
        address holder = _actor(traders, seed);
        uint256 past = _firstOpen();
        for (uint256 i = past < RECENT ? 0 : past - RECENT; i < past; ++i) {
            uint256 expiry = listings[i].expiry;
            if (vault.expiryOf(expiry).contracts == 0) continue;
            if (vault.settlementPriceOf(expiry) == 0) continue;
            uint256 id = listings[i].ids[seed % 4];
            uint256 held = market.balanceOf(holder, id);
            if (held == 0) continue;
            if (seed % 3 == 0) _exerciseFor(holder, id, held);
            else _exercise(holder, id, uniform(seed >> 8, 1, held), _recipient(holder, seed));
        }
    }

    function _exercise(address holder, uint256 id, uint256 quantity, address recipient) internal {
        uint256 due = _payoff(id, quantity);
        uint256 before = usdc.balanceOf(recipient);
        CHEATS.prank(holder);
        try market.exercise(id, quantity, recipient) returns (uint256 assets) {
            require(assets == due, "paid another sum than the pay-off");
            if (recipient == address(vault)) require(usdc.balanceOf(recipient) == before, "vault paid itself");
            else require(usdc.balanceOf(recipient) - before == due, "the pay-off did not arrive");
            if (recipient != holder) givenUsdc[recipient] += assets;
            _exercised(holder, id);
        } catch (bytes memory reason) {
            _requireNoCash(reason);
            ++done["exercise without cash"];
        }
    }

    function _exerciseFor(address holder, uint256 id, uint256 held) private {
        CHEATS.prank(holder);
        market.setAutoExercise(true);
        uint256 before = usdc.balanceOf(holder);
        uint256 due = _payoff(id, held);
        address[] memory batch = new address[](2);
        (batch[0], batch[1]) = (holder, holder); // twice: the second finds nothing
        market.exerciseFor(id, batch);
        if (market.balanceOf(holder, id) == 0) {
            require(usdc.balanceOf(holder) - before == due, "the batch paid another sum");
            _exercised(holder, id);
        } else {
            require(market.balanceOf(holder, id) == held && due > vault.cash(), "kept, but could be paid");
            ++done["exercise without cash"];
        }
    }

    /// @dev What was exercised is gone: one wei more than is left is refused.
    function _exercised(address holder, uint256 id) private {
        (uint256 expiry, , ) = SeriesId.decode(id);
        ++exercisesOf[expiry];
        ++done["exercise"];
        uint256 left = market.balanceOf(holder, id);
        CHEATS.prank(holder);
        try market.exercise(id, left + 1, holder) {
            revert("exercised more than was held");
        } catch (bytes memory reason) {
            require(bytes4(reason) == ERC6909.ERC6909InsufficientBalance.selector, _hex("exercise:", reason));
        }
    }

    function _payoff(uint256 id, uint256 quantity) internal view returns (uint256) {
        (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
        uint256 payoff = SeriesId.payoff(strike, isCall, vault.settlementPriceOf(expiry));
        return (quantity * payoff) / (WAD * uint256(USDC_UNIT));
    }
}
