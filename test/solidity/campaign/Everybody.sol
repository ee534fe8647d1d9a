// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {CHEATS} from "./Cheats.sol";
import {EpochActions} from "./EpochActions.sol";
import {HolderActions} from "./HolderActions.sol";
import {Ledger} from "./Ledger.sol";
import {Surroundings} from "./Surroundings.sol";
import {TraderActions} from "./TraderActions.sol";

/// @notice Everybody on one stage, and the way out for all of them.
abstract contract Everybody is TraderActions, HolderActions, EpochActions, Surroundings, Ledger {
    bool private keepersWork;

    /// @notice Builds the world. Not in a constructor: a pool calls back whoever fills it.
    function open(bool keepersWork_) external {
        keepersWork = keepersWork_;
        _open();
        _gather();
        _begin();
    }

    /// @notice Recomputes every stored sum from what people hold, if there is a price to mark at.
    function audit() external onTime {
        if (_isFeedDead()) return;
        vault.mark();
        _requireMarkIsExact();
        ++done["audit"];
    }

    /// @notice No keeper and no guardian acts, opening is paused, and surfaces are old: strangers settle and mark, holders are
    /// paid, LPs leave.
    function everybodyLeaves() external onTime {
        CHEATS.prank(GUARDIAN);
        vault.pause();
        _pass(2 days);
        _setPrice(price);
        _closeWhatTrades();
        uint256 last = listings[listings.length - 1].expiry;
        if (time <= last) _pass(last + 1 - time);
        _setPrice(price);
        for (uint256 i = 0; i < listings.length; ++i) _settle(i, i);
        require(vault.openExpiries().length == 0 && vault.openContracts() == 0, "an expiry is stuck");
        vault.mark();
        _unwindHedge();
        _payEverybody();
        _redeemEverything();
    }

    /// @notice How often the hostile receiver has tried to come in.
    function intrusions() external view returns (uint256) {
        return intruder.tries();
    }

    function _keepersWork() internal view override returns (bool) {
        return keepersWork;
    }

    /// @dev Whoever holds what still trades sells it: no keeper is needed, nor a fresh surface.
    function _closeWhatTrades() private {
        for (uint256 i = 0; i < traders.length; ++i) {
            (uint256 id, uint256 held) = _heldSeries(traders[i], i);
            if (held >= SMALLEST) _sell(traders[i], id, held);
        }
    }

    /// @dev At the real desk anyone may do that when no options are open.
    function _unwindHedge() private {
        (int256 base, ) = hedge.position();
        if (base != 0) _hedge(-base, price);
    }

    function _payEverybody() private {
        uint256 past = listings.length;
        for (uint256 i = past < 12 ? 0 : past - 12; i < past; ++i) {
            for (uint256 j = 0; j < traders.length; ++j) {
                for (uint256 k = 0; k < 4; ++k) {
                    uint256 id = listings[i].ids[k];
                    uint256 held = market.balanceOf(traders[j], id);
                    if (held > 0) _exercise(traders[j], id, held, traders[j]);
                }
            }
        }
    }

    /// @dev Without options, and the hedge unwound, all that LPs have is cash: they get it, all of it, in one epoch.
    function _redeemEverything() private {
        _pass(2 * EPOCH);
        _setPrice(price);
        require(_processEpoch(), "no epoch without keepers");
        for (uint256 i = 0; i < lps.length; ++i) {
            if (vault.pendingDepositRequest(0, lps[i]) > 0) _cancelDeposit(lps[i]);
            _claimShares(lps[i], 0);
            uint256 shares = vault.balanceOf(lps[i]);
            if (shares == 0) continue;
            CHEATS.prank(lps[i]);
            vault.requestRedeem(shares, lps[i], lps[i]);
        }
        _pass(EPOCH);
        _setPrice(price);
        (int256 base, int256 quote) = hedge.position();
        bool hasMeans = vault.nav() > 0 && base == 0 && quote == 0;
        require(_processEpoch(), "no epoch without keepers");
        for (uint256 i = 0; i < lps.length; ++i) _claimAssets(lps[i], 0);
        if (!hasMeans) return;
        (, uint256 waiting) = vault.pendingTotals();
        require(waiting == 0, "an LP could not leave");
        ++done["everybody left"];
    }
}
