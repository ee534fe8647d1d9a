// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {Slice} from "../../../contracts/interfaces/Types.sol";
import {CHEATS} from "./Cheats.sol";
import {DeskBudget} from "./DeskBudget.sol";
import {ThiefActions} from "./ThiefActions.sol";

/// @notice What a thief can do with a key. Without it he tries all the same, and is refused.
abstract contract KeyActions is ThiefActions {
    using DeskBudget for DeskBudget.State;

    uint256 private constant MAX_SLIPPAGE_BPS = 100;

    DeskBudget.State private desk;
    /// @dev Which way the thief moves what he posts, for a while.
    bool private isUpward;

    /// @dev Any slices, as far away from the last as the surface lets through: all, those up to an expiry, those from it on, or one.
    function post(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        uint256[] memory scope = _scope(surface.expiries(), seed);
        if (scope.length == 0) return;
        if (seed % 8 == 0) isUpward = !isUpward;
        uint256[5] memory parts = [uint256(100), 75, 50, 25, 10];
        for (uint256 i = 0; i < 5; ++i) {
            if (!_postBent(scope, seed >> 8, parts[i])) continue;
            ++done["post"];
            return;
        }
    }

    /// @dev A slice of an expiry that has none, anywhere within the bounds.
    function postFirst(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        uint256[] memory expiries = new uint256[](1);
        expiries[0] = _anyExpiry(seed);
        Slice[] memory slices = new Slice[](1);
        uint256[] memory known = surface.expiries();
        if (known.length == 0 || seed % 4 == 0) {
            slices[0] = Slice({
                atmVol: logarithmic(seed, 0.05e18, 5e18),
                skew: int256(uniform(seed >> 64, 0, 0.9e18)) - 0.45e18,
                curvature: logarithmic(seed >> 32, 0.01e18, 20e18),
                carry: int256(uniform(seed >> 96, 0, 0.4e18)) - 0.2e18
            });
        } else {
            (slices[0], ) = surface.sliceOf(known[(seed >> 240) % known.length]);
            _bend(slices[0], seed, uniform(seed >> 64, 0, 100));
        }
        if (_postAsThief(expiries, slices)) ++done["postFirst"];
    }

    /// @dev Any expiry on the calendar, at up to three strikes anywhere that is allowed. An honest poster posts what is asked for.
    function list(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        uint256 expiry = _anyExpiry(seed);
        uint256[] memory strikes = new uint256[](1 + (seed % 3));
        for (uint256 i = 0; i < strikes.length; ++i) {
            strikes[i] = _strikeNear((price * logarithmic(seed << (8 * i), 260, 3_990)) / 1_000);
        }
        if (!hasPoster && !_hasSlice(expiry)) {
            uint256[] memory expiries = new uint256[](1);
            expiries[0] = expiry;
            _postHonestly(expiries);
        }
        if (!_listAs(THIEF, expiry, strikes)) return;
        require(hasLister, "listed without the key");
        ++done["list"];
    }

    function delist(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        uint256[] memory ids = new uint256[](1);
        ids[0] = _anySeries(seed);
        CHEATS.prank(THIEF);
        try market.delistSeries(ids) {
            require(hasLister, "delisted without the key");
            ++done["delist"];
        } catch {}
    }

    /// @dev Towards neutral, as the desk requires, at the worst price that its budgets let through; the thief is the other side.
    function hedgeBadly(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        if (!hasKeeper) return;
        vault.mark();
        int256 amount = -vault.balance().netDelta;
        if (seed % 2 == 0) amount = (amount * int256((seed >> 8) % 100)) / 100;
        (uint256 turnover, uint256 mayLose, uint256 whole) = desk.left(vault, time);
        int256 most = int256((turnover * whole) / price);
        amount = SignedMath.min(SignedMath.max(amount, -most), most);
        uint256 notional = (SignedMath.abs(amount) * price) / WAD;
        if (notional < 1e18) return;
        // The worse of feed and average is charged: where the average is behind, less is left for him.
        bool buys = amount > 0;
        uint256 average = oracle.averageNear(price);
        uint256 lead = buys == average < price ? (difference(average, price) * WAD) / price : 0;
        uint256 slip = Math.saturatingSub((mayLose * whole) / notional, lead + 1e9);
        slip = Math.min(slip, (MAX_SLIPPAGE_BPS * WAD) / BPS);
        if (slip == 0) return;
        uint256 fill = (price * (buys ? WAD + slip : WAD - slip)) / WAD;
        try hedge.trade(amount, fill) {
            desk.consume((notional * WAD) / whole, (notional * (slip + lead)) / whole);
            assert(usdc.transfer(THIEF, (SignedMath.abs(amount) * difference(fill, price)) / 1e30));
            ++done["hedgeBadly"];
        } catch {}
    }

    function _postBent(uint256[] memory scope, uint256 seed, uint256 part) private returns (bool) {
        Slice[] memory slices = new Slice[](scope.length);
        for (uint256 i = 0; i < scope.length; ++i) {
            (slices[i], ) = surface.sliceOf(scope[i]);
            _bend(slices[i], seed, part);
        }
        return _postAsThief(scope, slices);
    }

    /// @dev The largest step in one direction, or a part of it: of vol, of vol with wings where they were, of skew, curvature or carry.
    function _bend(Slice memory s, uint256 seed, uint256 part) private view {
        uint256 kind = seed % 5;
        int256 sign = isUpward ? int256(part) : -int256(part);
        if (kind <= 1) {
            uint256 last = s.atmVol;
            s.atmVol = uint256(SignedMath.max(0.05e18, int256(last) + (0.149e18 * sign) / 100));
            if (kind == 1) s.curvature = (s.curvature * last) / s.atmVol;
        } else if (kind == 2) {
            s.skew = SignedMath.max(-0.94e18, SignedMath.min(0.94e18, s.skew + (0.199e18 * sign) / 100));
        } else if (kind == 3) {
            s.curvature = Math.max(0.01e18, uint256((int256(s.curvature) * (200 + sign)) / 200));
        } else {
            s.carry += (0.099e18 * sign) / 100;
        }
    }

    function _postAsThief(uint256[] memory expiries, Slice[] memory slices) private returns (bool) {
        CHEATS.prank(THIEF);
        try surface.post(expiries, slices) {
            require(hasPoster, "posted without the key");
            return true;
        } catch {
            return false;
        }
    }

    function _scope(uint256[] memory all, uint256 seed) private pure returns (uint256[] memory scope) {
        uint256 kind = (seed >> 224) % 4;
        if (all.length == 0 || kind == 0) return all;
        uint256 place = (seed >> 232) % all.length;
        (uint256 from, uint256 to) = (kind == 1 ? 0 : place, kind == 2 ? all.length : place + 1);
        scope = new uint256[](to - from);
        for (uint256 i = from; i < to; ++i) scope[i - from] = all[i];
    }

    /// @dev Daily for a month, then on Fridays for a year.
    function _anyExpiry(uint256 seed) private view returns (uint256 expiry) {
        uint256 today = time - (time % 1 days) + EXPIRY_HOUR;
        if ((seed >> 128) % 2 == 0) return today + uniform(seed >> 136, 1, 34) * 1 days;
        expiry = today + uniform(seed >> 136, 35, 390) * 1 days;
        while ((expiry / 1 days) % 7 != FRIDAY) expiry += 1 days;
    }
}
