// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC6909, IERC6909Metadata} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {VIRTUAL_SHARES} from "./base/AsyncShares.sol";
import {ILens} from "./interfaces/ILens.sol";
import {IOptionMarket} from "./interfaces/IOptionMarket.sol";
import {IOptionVault} from "./interfaces/IOptionVault.sol";
import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {Leg, Mark, PackedPricing, Pricing, Quote, Slice, VaultLimits} from "./interfaces/Types.sol";
import {QuoteEngine} from "./libraries/QuoteEngine.sol";
import {Quoting} from "./libraries/Quoting.sol";
import {RiskEngine} from "./libraries/RiskEngine.sol";
import {RiskLimits} from "./libraries/RiskLimits.sol";
import {SeriesId} from "./libraries/SeriesId.sol";
import {Treasury} from "./libraries/Treasury.sol";
import {BPS, INT_USDC_UNIT, USDC_UNIT, WAD} from "./libraries/Units.sol";
import {Valuation} from "./libraries/Valuation.sol";

/// @title A whole market in one call
/// @dev Reads others' views and computes nothing that they decide: prices come from the library that the market asks, NAV and
/// limits from the vault's. Whatever needs a price that there may not be is tried, never required.
contract Lens is ILens {
    /// @dev AsyncShares': a nearly empty pool's shares are not worth more for it.

    /// @inheritdoc ILens
    IOptionVault public immutable vault;

    /// @dev What the parts of the state share.
    struct ReadContext {
        IOptionMarket market;
        Pricing pricing;
        PackedPricing terms;
        VaultLimits limits;
        IPriceOracle.Reading reading;
    }

    constructor(IOptionVault vault_) {
        vault = vault_;
    }

    /// @inheritdoc ILens
    function marketState(
        uint256 size,
        uint256 from,
        uint256 count
    ) external view returns (MarketState memory s, SeriesState[] memory page) {
        ReadContext memory scene = _scene();
        s.blockNumber = block.number;
        s.time = block.timestamp;
        s.underlying = scene.market.underlying();
        (s.oracle, scene.reading) = _oracle();
        s.accounts = _accounts();
        (s.epoch, s.epochEndsAt) = (vault.epoch(), vault.epochEndsAt());
        (s.ids, s.quantities) = vault.book();
        _value(s, scene);
        s.breakers = _breakers(s, scene);
        s.expiries = _expiries(s, scene);
        page = _page(s, scene, size, from, count);
    }

    /// @inheritdoc ILens
    function accountState(address account, uint256[] calldata ids) external view returns (AccountState memory a) {
        address market = vault.market();
        a.usdc = IERC20(vault.asset()).balanceOf(account);
        a.shares = IERC20(address(vault)).balanceOf(account);
        a.pendingAssets = vault.pendingDepositRequest(0, account);
        a.pendingShares = vault.pendingRedeemRequest(0, account);
        a.claimableShares = vault.maxMint(account);
        a.claimableAssets = vault.maxWithdraw(account);
        a.autoExercise = IOptionMarket(market).autoExercise(account);
        a.holdings = new Holding[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            Holding memory h = a.holdings[i];
            (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(ids[i]);
            h.id = ids[i];
            h.name = IERC6909Metadata(market).name(ids[i]);
            h.balance = IERC6909(market).balanceOf(account, ids[i]);
            h.settlementPrice = vault.settlementPriceOf(expiry);
            if (h.settlementPrice == 0) continue;
            uint256 payoff = SeriesId.payoff(strike, isCall, h.settlementPrice);
            h.claimable = Math.mulDiv(h.balance, payoff, WAD * USDC_UNIT);
        }
    }

    function _scene() private view returns (ReadContext memory scene) {
        scene.market = IOptionMarket(vault.market());
        scene.pricing = scene.market.pricing();
        scene.terms = Quoting.pack(scene.pricing);
        scene.limits = vault.limits();
    }

    /// @dev All of a reading, or spot alone when the DEX cannot be read, or nothing.
    function _oracle() private view returns (OracleState memory o, IPriceOracle.Reading memory reading) {
        IPriceOracle oracle = vault.oracle();
        try oracle.read() returns (IPriceOracle.Reading memory r) {
            return (OracleState(true, r.stale, true, 0, r.spot, r.low, r.high, r.updatedAt), r);
        } catch (bytes memory reason) {
            o.refusal = _selector(reason);
        }
        try oracle.spot() returns (uint256 spot, uint256 updatedAt) {
            (o.priced, o.spot, o.updatedAt) = (true, spot, updatedAt);
        } catch {}
    }

    function _accounts() private view returns (PoolAccounts memory a) {
        (a.cash, a.owed, a.insurance) = (vault.cash(), vault.owed(), vault.insurance());
        (a.freeCash, a.shortfall) = (vault.freeCash(), vault.shortfall());
        (a.queuedAssets, a.queuedShares) = vault.pendingTotals();
        a.setAside = vault.reservedForRedemptions();
        a.shares = IERC20(address(vault)).totalSupply();
    }

    /// @dev The vault values itself at a price that is not stale. A stale one still gives an exposure, by which holders'
    /// sales are priced, and scenarios.
    function _value(MarketState memory s, ReadContext memory scene) private view {
        (s.worth.peak, s.worth.floor) = vault.breaker();
        if (s.oracle.priced) {
            try vault.stressAt(s.oracle.spot) returns (
                IOptionVault.Exposure memory e,
                int256[12] memory navs,
                uint256 worst
            ) {
                (s.exposure, s.scenarios, s.worst) = (e, navs, worst);
            } catch {}
        }
        (s.greeks, s.worth.valued) = _greeks(s);
        if (!s.worth.valued) {
            s.worth.totalAssets = vault.totalAssets();
            return;
        }
        int256 nav = s.exposure.nav;
        s.worth.totalAssets = nav <= 0 ? 0 : uint256(nav / INT_USDC_UNIT);
        s.worth.shareValue = Treasury.shareValue(nav, s.accounts.shares + VIRTUAL_SHARES);
        RiskEngine.Assets memory assets = RiskEngine.Assets(
            (int256(s.accounts.cash) - int256(s.accounts.owed)) * INT_USDC_UNIT,
            s.exposure.base,
            s.exposure.quote
        );
        s.worth.nav = RiskEngine.navOf(s.greeks, assets);
        int256 halfSpread = RiskEngine.halfSpread(s.greeks, scene.limits.spreadVol);
        (s.worth.bid, s.worth.ask) = (s.worth.nav - halfSpread, s.worth.nav + halfSpread);
        s.room = _room(s, scene.limits);
    }

    /// @dev Value and Greeks as of now, if there is a price. An exposure whose mark was old has them already.
    function _greeks(MarketState memory s) private view returns (Mark memory m, bool known) {
        if (s.exposure.mark.time == block.timestamp && !s.oracle.stale) return (s.exposure.mark, true);
        try vault.greeks() returns (Mark memory live) {
            (m, known) = (live, true);
        } catch {}
    }

    function _room(MarketState memory s, VaultLimits memory limits) private view returns (Headroom memory r) {
        Mark memory m = s.exposure.mark;
        int256 nav = s.exposure.nav;
        uint256 vega = RiskLimits.share(nav, limits.vegaCapacityBps);
        r.vega = Math.saturatingSub(vega, SignedMath.abs(int256(m.weightedVega)));
        r.vegaWindow = vault.vegaWindowLeft();
        uint256 gamma = RiskLimits.perPercent(SignedMath.abs(int256(m.gamma)), m.spot);
        r.gamma = Math.saturatingSub(RiskLimits.share(nav, limits.gammaCapacityBps), gamma);
        r.stress = s.scenarios[s.worst] - int256(RiskLimits.share(nav, limits.reserveBps));
    }

    function _breakers(MarketState memory s, ReadContext memory scene) private view returns (Breakers memory b) {
        OracleState memory o = s.oracle;
        b.paused = vault.paused();
        b.stale = !o.priced || o.stale;
        b.disagreement = o.ranged && (o.high - o.low) * BPS > o.low * scene.pricing.maxDispersionBps;
        b.drawdown = s.worth.valued && s.worth.nav < s.worth.floor;
    }

    function _expiries(
        MarketState memory s,
        ReadContext memory scene
    ) private view returns (ExpiryState[] memory expiries) {
        uint256[] memory open = vault.openExpiries();
        expiries = new ExpiryState[](open.length);
        for (uint256 i = 0; i < open.length; ++i) {
            ExpiryState memory e = expiries[i];
            e.expiry = open[i];
            e.tradesUntil = e.expiry - Math.min(e.expiry, scene.pricing.cutOff);
            e.contracts = vault.expiryOf(e.expiry).contracts;
            e.left = _left(s, scene.limits.expiryCapBps, e.contracts);
            if (block.timestamp >= e.expiry) continue;
            try vault.surface().sliceOf(e.expiry) returns (Slice memory slice, uint256 postedAt) {
                (e.hasSlice, e.slice, e.postedAt) = (true, slice, postedAt);
                e.surfaceStale = block.timestamp - postedAt > scene.pricing.maxSurfaceAge;
                e.forward = s.oracle.priced ? Valuation.tenor(e.expiry, slice, s.oracle.spot).forward : 0;
            } catch {}
        }
    }

    function _page(
        MarketState memory s,
        ReadContext memory scene,
        uint256 size,
        uint256 from,
        uint256 count
    ) private view returns (SeriesState[] memory page) {
        uint256 total = s.ids.length;
        page = new SeriesState[](Math.min(count, total - Math.min(from, total)));
        for (uint256 i = 0; i < page.length; ++i) {
            SeriesState memory one = page[i];
            one.id = s.ids[from + i];
            (one.expiry, one.strike, one.isCall) = SeriesId.decode(one.id);
            one.name = IERC6909Metadata(address(scene.market)).name(one.id);
            one.open = SignedMath.abs(s.quantities[from + i]);
            ExpiryState memory expiry = _find(s.expiries, one.expiry);
            one.left = Math.min(expiry.left, _left(s, scene.limits.seriesCapBps, one.open));
            one.buy = _price(s, scene, one.id, int256(size));
            one.sell = _price(s, scene, one.id, -int256(size));
            if (s.oracle.priced) _greeks(one, expiry, s.oracle.spot);
        }
    }

    function _greeks(SeriesState memory one, ExpiryState memory expiry, uint256 spot) private view {
        Valuation.Greeks memory g;
        if (expiry.hasSlice) {
            Valuation.Tenor memory tenor = Valuation.tenor(one.expiry, expiry.slice, spot);
            g = Valuation.greeksOf(tenor, one.strike, one.isCall);
        } else {
            g = Valuation.intrinsicOf(one.strike, one.isCall, spot);
        }
        (one.mid, one.vol, one.delta, one.gamma, one.vega) = (g.value, g.vol, g.delta, g.gamma, g.vega);
    }

    function _price(
        MarketState memory s,
        ReadContext memory scene,
        uint256 id,
        int256 quantity
    ) private view returns (Price memory p) {
        if (!s.oracle.ranged) {
            p.refusal = s.oracle.refusal;
            return p;
        }
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(id, quantity);
        // Without the market between: for many series its part would be a fifth of the gas.
        try
            QuoteEngine.quoteAt(vault, scene.limits, legs, scene.terms, scene.reading, s.exposure, s.scenarios)
        returns (Quote memory q) {
            p.total = q.total;
        } catch (bytes memory reason) {
            p.refusal = _selector(reason);
        }
    }

    /// @dev Of an error; all ones when there is none, as when a call ran out of gas.
    function _selector(bytes memory reason) private pure returns (bytes4) {
        return reason.length < 4 ? bytes4(0xffffffff) : bytes4(reason);
    }

    /// @dev Contracts until a cap of notional, at the mark's spot, as the caps count.
    function _left(MarketState memory s, uint256 capBps, uint256 open) private pure returns (uint256) {
        uint256 spot = s.exposure.mark.spot;
        if (!s.worth.valued || spot == 0) return 0;
        return Math.saturatingSub(Math.mulDiv(RiskLimits.share(s.exposure.nav, capBps), WAD, spot), open);
    }

    function _find(ExpiryState[] memory expiries, uint256 expiry) private pure returns (ExpiryState memory e) {
        for (uint256 i = 0; i < expiries.length; ++i) {
            if (expiries[i].expiry == expiry) return expiries[i];
        }
    }
}
