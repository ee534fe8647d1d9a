// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IVolSurface} from "../../../contracts/interfaces/IVolSurface.sol";
import {Slice} from "../../../contracts/interfaces/Types.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {Valuation} from "../../../contracts/libraries/Valuation.sol";
import {CHEATS} from "./Cheats.sol";
import {RollingLoss} from "./RollingLoss.sol";
import {World} from "./World.sol";

/// @notice A market with one thief, honest LPs and honest keepers, in which everything is worth what honest people say.
/// @dev Worth is compared before and after each call, at one price, one time and one honest surface. What prices, vol and time do in
/// between is no theft and is not counted, so that the sum has no noise: it is what a thief earns who hedges outside for nothing.
abstract contract Heist is World {
    using RollingLoss for RollingLoss.State;

    /// @dev WAD USDC. `pool` is NAV, `stake` what of it is the honest LPs', `lps` all that they have, `thief` all that he has. `ceded` is what
    /// the thief could sell his options for above what they are worth, as posted slices and references have risen: what of NAV is gone
    /// before he has taken it.
    struct Wealth {
        int256 pool;
        int256 ceded;
        int256 stake;
        int256 lps;
        int256 thief;
    }

    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;
    int256 internal constant USDC_UNIT = 1e12;
    uint256 internal constant FRIDAY = 1;
    address internal constant THIEF = address(0x7419f);
    /// @dev One LP stays, another comes and goes.
    address internal constant LP = address(0x1900);
    address internal constant MOVER = address(0x1901);
    uint256 private constant LP_DEPOSIT = 3_000_000e6;
    uint256 private constant MOVER_DEPOSIT = 500_000e6;
    /// @dev Of WETH's pool, and half of what a large clip costs: what an honest hedge is filled worse than the price.
    uint256 private constant HEDGE_COST_BPS = 5;
    uint256 private constant LOWEST_PRICE = 1_000e18;
    uint256 private constant HIGHEST_PRICE = 9_000e18;
    uint256 private constant BUSY_EXPIRIES = 6;
    uint256 private constant VIRTUAL_SHARES = 1e12;

    /// @notice Calls so far, and what of them came to something.
    uint256 public calls;
    mapping(string what => uint256) public done;

    /// @notice Which keys the thief has.
    bool public hasPoster;
    bool public hasLister;
    bool public hasKeeper;

    /// @dev What he has ever held and may hold still.
    uint256[] internal loot;
    mapping(uint256 id => bool) private isLoot;
    /// @dev Places in `listings`, counted from one.
    mapping(uint256 expiry => uint256) internal placeOf;
    /// @dev Until when the thief keeps the pool away from the price, and at which part of it, basis points.
    uint256 internal pushedUntil;
    uint256 internal pushedTo;
    uint256 private lastPost;

    RollingLoss.State private lost;
    RollingLoss.State private realised;
    RollingLoss.State private taken;

    /// @dev Time passes, honest people do their work, the thief does his, and what that came to is counted.
    modifier counted(uint256 input) {
        CHEATS.warp(time);
        ++calls;
        uint256 seed = uint256(keccak256(abi.encode("time", input)));
        bool isLater = _live(seed);
        Wealth memory before = _wealth();
        if (isLater) _work(seed >> 128);
        _;
        _count(before);
    }

    function open(bool poster, bool lister, bool keeper) external {
        (hasPoster, hasLister, hasKeeper) = (poster, lister, keeper);
        _open();
        if (poster) _grantPoster(THIEF);
        if (lister) _grantLister(THIEF);
        _fund(LP, LP_DEPOSIT, address(vault));
        _fund(MOVER, MOVER_DEPOSIT, address(vault));
        _fund(THIEF, 1e24, address(vault));
        CHEATS.prank(THIEF);
        usdc.approve(address(market), type(uint256).max);
        _deposit(LP, LP_DEPOSIT);
        _deposit(MOVER, MOVER_DEPOSIT);
        _pass(1 days);
        _setPrice(price);
        vault.processEpoch();
        _claimShares(LP);
        _claimShares(MOVER);
        _openMarket();
        lost.start(time);
        realised.start(time);
        taken.start(time);
    }

    /// @notice The most that LPs have lost in any 24 hours, WAD of what they had.
    function worstLoss() external view returns (int256) {
        return lost.worst;
    }

    /// @notice The same when what is gone counts only when he takes it: after days of false posts all of it at once.
    function worstRealised() external view returns (int256) {
        return realised.worst;
    }

    /// @notice The same of the windows that end on a day.
    function worstRealisedOf(uint256 day) external view returns (int256) {
        return realised.worstOf[day];
    }

    /// @notice The largest loss of the windows that end on a day.
    function worstLossOf(uint256 day) external view returns (int256) {
        return lost.worstOf[day];
    }

    /// @notice The most that the thief has taken in any 24 hours, WAD of NAV.
    function worstTake() external view returns (int256) {
        return taken.worst;
    }

    /// @notice Days since the beginning, that of now included.
    function daysPlayed() external view returns (uint256) {
        return (time - lost.begin) / 1 days + 1;
    }

    function _fund(address account, uint256 amount, address spender) private {
        usdc.mint(account, amount);
        CHEATS.prank(account);
        usdc.approve(spender, type(uint256).max);
    }

    /// @dev From two days to a year, calls and puts from half the price to one and a half.
    function _openMarket() private {
        uint256 friday = time - (time % 1 days) + EXPIRY_HOUR;
        while ((friday / 1 days) % 7 != FRIDAY) friday += 1 days;
        uint256[] memory expiries = new uint256[](5);
        (expiries[0], expiries[1], expiries[2]) = (friday - 4 days, friday, friday + 21 days);
        (expiries[3], expiries[4]) = (friday + 91 days, friday + 357 days);
        require(_postHonestly(expiries), "no first surface");
        for (uint256 i = 0; i < 5; ++i) require(_listHonestly(expiries[i]), "not listed");
    }

    // ------------------------------------------------------------------------------------------------ time and honest people

    /// @dev Every third call is made in the block of the one before. Feed and pool show at once what the price is, but for what the thief
    /// does to the pool; the poster posts every hour, and vol is what he posts. All of it is before anything is counted.
    function _live(uint256 seed) private returns (bool) {
        if (seed % 3 == 0) return false;
        _pass(logarithmic(seed >> 8, 12, 3 hours));
        uint256 next = (price * uniform(seed >> 4, 9_960, 10_040)) / BPS;
        _setPrice(next < LOWEST_PRICE ? LOWEST_PRICE : (next > HIGHEST_PRICE ? HIGHEST_PRICE : next));
        _movePool(time < pushedUntil ? (price * pushedTo) / BPS : price);
        if (hasPoster ? (seed >> 16) % 64 == 0 : time >= lastPost + 1 hours) _renew(seed >> 24);
        return true;
    }

    /// @dev What has expired is settled and paid, what was queued is claimed, net delta is hedged, and another expiry is listed.
    function _work(uint256 seed) private {
        uint256[] memory open_ = vault.openExpiries();
        for (uint256 i = 0; i < open_.length; ++i) {
            if (open_[i] > time) continue;
            Listing storage l = listings[placeOf[open_[i]] - 1];
            market.settle(l.expiry, l.round);
            ++done["settle"];
        }
        _exerciseAll();
        if (!hasKeeper || seed % 4 == 0) _hedgeHonestly();
        if (open_.length < BUSY_EXPIRIES) {
            uint256 next = time - (time % 1 days) + EXPIRY_HOUR + uniform(seed >> 8, 2, 9) * 1 days;
            if (_listHonestly(next)) ++done["honest list"];
        }
    }

    /// @dev All live slices, as honest people would. While the thief has the key too vol stands still: it is the last that was honest.
    function _renew(uint256 seed) private {
        uint256 old = vol;
        if (!hasPoster) {
            vol = (vol * uniform(seed, 9_900, 10_100)) / BPS;
            vol = vol < 0.4e18 ? 0.4e18 : (vol > 1.2e18 ? 1.2e18 : vol);
        }
        if (_postHonestly(surface.expiries())) {
            lastPost = time;
            ++done["honest post"];
        } else {
            vol = old;
        }
    }

    function _honest() internal view returns (Slice memory) {
        return Slice({atmVol: vol, skew: -0.1e18, curvature: 1e18, carry: 0});
    }

    function _postHonestly(uint256[] memory expiries) internal returns (bool) {
        Slice[] memory slices = new Slice[](expiries.length);
        for (uint256 i = 0; i < slices.length; ++i) slices[i] = _honest();
        CHEATS.prank(KEEPER);
        try surface.post(expiries, slices) {
            return true;
        } catch {
            return false; // the thief has posted a moment ago, or further away than one step
        }
    }

    function _listHonestly(uint256 expiry) private returns (bool) {
        if (placeOf[expiry] != 0) return false;
        uint256[] memory expiries = new uint256[](1);
        expiries[0] = expiry;
        if (surface.isStale(expiry) || !_hasSlice(expiry)) _postHonestly(expiries);
        uint256[] memory strikes = new uint256[](5);
        uint256[5] memory parts = [uint256(50), 80, 100, 120, 150];
        for (uint256 i = 0; i < 5; ++i) strikes[i] = _strikeNear((price * parts[i]) / 100);
        return _listAs(KEEPER, expiry, strikes);
    }

    function _listAs(address who, uint256 expiry, uint256[] memory strikes) internal returns (bool) {
        CHEATS.prank(who);
        try market.listSeries(expiry, strikes) {
            if (placeOf[expiry] == 0) {
                listings.push().expiry = expiry;
                placeOf[expiry] = listings.length;
            }
            Listing storage l = listings[placeOf[expiry] - 1];
            for (uint256 i = 0; i < 2 * strikes.length; ++i) {
                l.ids.push(SeriesId.encode(expiry, strikes[i / 2], i % 2 == 0));
            }
            return true;
        } catch {
            return false;
        }
    }

    function _hasSlice(uint256 expiry) internal view returns (bool) {
        try surface.sliceOf(expiry) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev To neutral, by what is posted.
    function _hedgeHonestly() private {
        vault.mark();
        int256 amount = -vault.balance().netDelta;
        if (amount > -0.5e18 && amount < 0.5e18) return;
        uint256 fill = (price * (amount > 0 ? BPS + HEDGE_COST_BPS : BPS - HEDGE_COST_BPS)) / BPS;
        for (uint256 i = 0; i < 4 && amount != 0; ++i) {
            try hedge.trade(amount, fill) {
                ++done["honest hedge"];
                return;
            } catch {
                amount /= 2; // as far as there is cash
            }
        }
    }

    function _deposit(address account, uint256 assets) internal returns (bool) {
        CHEATS.prank(account);
        try vault.requestDeposit(assets, account, account) {
            return true;
        } catch {
            return false;
        }
    }

    function _redeem(address account, uint256 shares) internal returns (bool) {
        CHEATS.prank(account);
        try vault.requestRedeem(shares, account, account) {
            return true;
        } catch {
            return false;
        }
    }

    function _claimShares(address account) internal {
        uint256 shares = vault.maxMint(account);
        if (shares == 0) return;
        CHEATS.prank(account);
        vault.mint(shares, account, account);
    }

    function _claimAssets(address account) internal {
        uint256 assets = vault.maxWithdraw(account);
        if (assets == 0) return;
        CHEATS.prank(account);
        vault.withdraw(assets, account, account);
    }

    // ------------------------------------------------------------------------------------------------------------- counting

    function _noteLoot(uint256 id) internal {
        if (isLoot[id]) return;
        isLoot[id] = true;
        loot.push(id);
    }

    /// @dev Pays the thief for what has settled, as far as there is cash, and forgets what he has no more of.
    function _exerciseAll() private {
        for (uint256 i = loot.length; i > 0; --i) {
            uint256 id = loot[i - 1];
            uint256 held = market.balanceOf(THIEF, id);
            (uint256 expiry, , ) = SeriesId.decode(id);
            if (held > 0 && expiry <= time) {
                CHEATS.prank(THIEF);
                try market.exercise(id, held, THIEF) {
                    held = 0;
                    ++done["exercise"];
                } catch {}
            }
            if (held > 0) continue;
            isLoot[id] = false;
            loot[i - 1] = loot[loot.length - 1];
            loot.pop();
        }
    }

    /// @dev By a call, in which block.timestamp is what it was set to: a compiler may read it once for all of a function.
    function _wealth() internal view returns (Wealth memory) {
        return this.wealth();
    }

    /// @notice What everybody has. All options are the thief's: what they are worth is what the pool is short of, until it owes it.
    function wealth() external view returns (Wealth memory w) {
        (int256 base, int256 quote) = hedge.position();
        w.pool = (int256(vault.cash()) - int256(vault.owed())) * USDC_UNIT;
        w.pool += quote + (base * int256(price)) / int256(WAD);
        w.thief = int256(usdc.balanceOf(THIEF) + vault.proceedsOf(THIEF)) * USDC_UNIT;
        Slice memory honest = _honest();
        for (uint256 i = 0; i < loot.length; ++i) {
            uint256 held = market.balanceOf(THIEF, loot[i]);
            if (held == 0) continue;
            (uint256 each, uint256 above, bool isOpen) = _worthOf(loot[i], honest);
            int256 worth = int256((held * each) / WAD);
            w.thief += worth;
            if (isOpen) w.pool -= worth;
            w.ceded += int256((held * above) / WAD);
        }
        int256 supply = int256(vault.totalSupply() + VIRTUAL_SHARES);
        (int256 shares, int256 assets) = _lpSide(LP);
        (int256 more, int256 other) = _lpSide(MOVER);
        w.stake = ((shares + more) * w.pool) / supply;
        w.lps = w.stake + assets + other;
        w.lps += int256(usdc.balanceOf(LP) + usdc.balanceOf(MOVER)) * USDC_UNIT;
        (shares, assets) = _lpSide(THIEF);
        w.thief += (shares * w.pool) / supply + assets;
    }

    /// @dev Shares held, claimable and on their way out; USDC on its way in or claimable, WAD.
    function _lpSide(address account) private view returns (int256 shares, int256 assets) {
        shares = int256(vault.balanceOf(account) + vault.maxMint(account) + vault.pendingRedeemRequest(0, account));
        assets = int256(vault.pendingDepositRequest(0, account) + vault.maxWithdraw(account)) * USDC_UNIT;
    }

    /// @dev One contract, how much more he could sell it for, and whether the pool does not yet owe it. What expires is settled in the
    /// second in which its round came.
    function _worthOf(uint256 id, Slice memory honest) private view returns (uint256 each, uint256 above, bool isOpen) {
        (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
        if (expiry <= time) {
            uint256 settled = vault.settlementPriceOf(expiry);
            return (SeriesId.payoff(strike, isCall, settled == 0 ? price : settled), 0, settled == 0);
        }
        each = _valueBy(honest, expiry, strike, isCall);
        isOpen = true;
        if (!hasPoster) return (each, 0, isOpen);
        IVolSurface.Quoted memory q = surface.quoted(expiry);
        uint256 bid = _valueBy(q.posted, expiry, strike, isCall);
        if (bid > each && q.lags) bid = Math.min(bid, _valueBy(q.anchor, expiry, strike, isCall));
        above = Math.saturatingSub(bid, each);
    }

    function _valueBy(Slice memory slice, uint256 expiry, uint256 strike, bool isCall) private view returns (uint256) {
        return Valuation.greeksOf(Valuation.tenor(expiry, slice, price), strike, isCall).value;
    }

    function _count(Wealth memory a) private {
        Wealth memory b = _wealth();
        require(a.stake > 0 && a.pool > 0, "LPs have nothing left");
        int256 before = a.lps - (a.ceded * a.stake) / a.pool;
        int256 rest = b.lps - (b.ceded * b.stake) / b.pool;
        lost.add(time, ((before - rest) * int256(WAD)) / a.stake);
        realised.add(time, ((a.lps - b.lps) * int256(WAD)) / a.stake);
        taken.add(time, ((b.thief - a.thief) * int256(WAD)) / a.pool);
    }
}
