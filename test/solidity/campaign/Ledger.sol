// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {ExpiryTotals} from "../../../contracts/interfaces/Types.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {Stage} from "./Stage.sol";

/// @notice Every token is where the books say, to the wei.
abstract contract Ledger is Stage {
    /// @dev Expiries looked at besides those that are open.
    uint256 private constant RECENT = 6;

    /// @notice What can be checked after every call.
    function checkMoney() external view {
        (uint256 waiting, uint256 sharesWaiting) = vault.pendingTotals();
        uint256 cash = vault.cash();
        uint256 reserved = vault.reservedForRedemptions();
        require(
            usdc.balanceOf(address(vault)) == cash + vault.insurance() + waiting + reserved + givenUsdc[address(vault)],
            "the vault's USDC is not what its accounts say"
        );
        require(usdc.balanceOf(address(market)) == givenUsdc[address(market)], "the market kept USDC");
        require(usdc.balanceOf(address(hedge)) == hedge.held() + givenUsdc[address(hedge)], "the hedge's USDC");
        _checkClaims(reserved, sharesWaiting);
        require(intruder.breaches() == 0, "a hostile receiver came in");
    }

    /// @notice Option tokens against the book, and what is owed against what holders can ask for.
    function checkOptions(bool all) external view {
        uint256 owed = 0;
        uint256 open = 0;
        uint256 first = _firstOpen();
        uint256 from = all || first < RECENT ? 0 : first - RECENT;
        for (uint256 i = 0; i < listings.length; ++i) {
            ExpiryTotals memory e = vault.expiryOf(listings[i].expiry);
            owed += e.owed;
            if (e.settlementPrice == 0) open += e.contracts;
            if (i >= from) _checkExpiry(listings[i].expiry, listings[i].ids, e);
        }
        require(owed == vault.owed(), "what is owed is not the sum over expiries");
        require(open == vault.openContracts(), "open contracts are not the sum over expiries");
    }

    /// @dev LPs' claims are covered; what is over is the dust of rounding, a unit per LP and fill at most.
    function _checkClaims(uint256 reserved, uint256 sharesWaiting) private view {
        uint256 assets = 0;
        uint256 shares = 0;
        uint256 held = vault.balanceOf(address(vault));
        uint256 supply = held;
        for (uint256 i = 0; i < lps.length; ++i) {
            assets += vault.maxWithdraw(lps[i]);
            shares += vault.maxMint(lps[i]);
            supply += vault.balanceOf(lps[i]);
        }
        uint256 dust = 2 * (fills + 2) * lps.length;
        require(assets <= reserved, "more assets can be claimed than are set aside");
        require(reserved - assets <= dust + reserved / 1e15, "more assets are set aside than can be claimed");
        shares += sharesWaiting + sharesGivenToVault;
        require(shares <= held, "more shares can be claimed than are held");
        require(held - shares <= dust + held / 1e15, "more shares are held than can be claimed");
        require(supply == vault.totalSupply(), "shares outside of anybody's account");
    }

    function _checkExpiry(uint256 expiry, uint256[] memory ids, ExpiryTotals memory e) private view {
        uint256 contracts = 0;
        uint256 due = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 supply = 0;
            for (uint256 j = 0; j < holders.length; ++j) supply += market.balanceOf(holders[j], ids[i]);
            require(supply == market.totalSupply(ids[i]), "option tokens are not what the vault is short");
            contracts += supply;
            if (e.settlementPrice == 0 || supply == 0) continue;
            (, uint256 strike, bool isCall) = SeriesId.decode(ids[i]);
            due += (supply * SeriesId.payoff(strike, isCall, e.settlementPrice)) / (WAD * uint256(USDC_UNIT));
        }
        require(contracts == e.contracts, "an expiry's contracts are not the sum over its series");
        require(due <= e.owed, "less is set aside for an expiry than its holders can ask for");
        if (contracts == 0) require(e.owed == 0, "an expiry owes to nobody");
        // Each series is rounded up by less than a unit when it settles, each exercise down by less than one.
        require(e.owed <= due + ids.length + exercisesOf[expiry], "more is owed than holders can ask for");
    }
}
