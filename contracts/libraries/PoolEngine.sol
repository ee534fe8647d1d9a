// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IAsyncShares} from "../interfaces/IAsyncShares.sol";
import {IOptionVault} from "../interfaces/IOptionVault.sol";
import {IPriceOracle} from "../interfaces/IPriceOracle.sol";
import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Mark, TradedFlow} from "../interfaces/Types.sol";
import {Book} from "./Book.sol";
import {MarkedBook} from "./MarkedBook.sol";
import {PriceSources} from "./PriceSources.sol";
import {RiskEngine} from "./RiskEngine.sol";
import {SeriesId} from "./SeriesId.sol";
import {SurfaceBudget} from "./SurfaceBudget.sol";
import {TradedDelta} from "./TradedDelta.sol";
import {Treasury} from "./Treasury.sol";
import {INT_USDC_UNIT} from "./Units.sol";

/// @title A pool as a whole: its marked book together with its cash and its hedge
/// @notice What the vault's views answer. @dev Deployed by itself and linked, as RiskEngine is.
library PoolEngine {
    using Book for Book.State;
    using SafeCast for uint256;
    using PriceSources for PriceSources.State;
    using SurfaceBudget for SurfaceBudget.State;
    using TradedDelta for TradedFlow;
    using Treasury for Treasury.Accounts;
    using Treasury for Treasury.State;

    /// @notice See IOptionVault.balance.
    function balance(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface
    ) external view returns (IOptionVault.Balance memory b) {
        (b.spot, ) = oracle.spot();
        (Mark memory m, ) = RiskEngine.greeksAt(risk, surface, b.spot);
        RiskEngine.Assets memory assets = assetsOf(risk, treasury);
        (b.base, b.quote, b.nav) = (assets.base, assets.quote, RiskEngine.navOf(m, assets));
        b.netDelta = MarkedBook.deltaAt(m, b.spot) + b.base;
        b.inAll = risk.traded;
        b.traded = b.inAll.inThisBlock(int256(b.spot) - int256(uint256(m.spot)));
    }

    /// @notice Puts series without a position on the list.
    function list(RiskEngine.State storage risk, PriceSources.State storage sources, uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            risk.book.list(ids[i]);
            (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(ids[i]);
            sources.list(expiry);
            emit IOptionVault.SeriesListed(ids[i], expiry, strike, isCall);
        }
    }

    /// @notice Takes series without a position off the list.
    function delist(RiskEngine.State storage risk, uint256[] calldata ids) external {
        for (uint256 i = 0; i < ids.length; ++i) {
            risk.book.delist(ids[i]);
            emit IOptionVault.SeriesDelisted(ids[i]);
        }
    }

    /// @notice See IOptionVault.settle.
    function settle(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        uint256 expiry,
        uint256 price
    ) external {
        uint256 payouts = risk.book.settle(expiry, price);
        treasury.accounts.owed += payouts.toUint80();
        risk.mark.time = 0;
        emit IOptionVault.ExpirySettled(expiry, price, payouts);
    }

    /// @notice See IOptionVault.payHolder. @param tenure Of the market that calls. @param isCurrent Whether it is the market now.
    function payHolder(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        Treasury.Tenure storage tenure,
        bool isCurrent,
        uint256 id,
        uint256 quantity,
        address recipient
    ) external returns (uint256 assets) {
        bool isOwn = isCurrent && SeriesId.expiryOf(id) > tenure.since;
        if (!isOwn && tenure.owed == 0) revert IAsyncShares.Unauthorized(msg.sender);
        uint256 released;
        (assets, released) = risk.book.redeem(id, quantity);
        if (!isOwn) {
            if (released > tenure.owed) revert IAsyncShares.Unauthorized(msg.sender);
            tenure.owed -= uint96(released);
        }
        uint256 insured = treasury.pay(assets, released);
        if (insured > 0) emit IOptionVault.InsuranceUsed(insured, treasury.accounts.insurance);
        emit IOptionVault.HolderPaid(id, recipient, quantity, assets, released);
    }

    /// @notice Net assets at `spot`, WAD USDC.
    function navAt(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        uint256 spot
    ) public view returns (int256) {
        (Mark memory m, ) = RiskEngine.greeksAt(risk, surface, spot);
        return RiskEngine.navOf(m, assetsOf(risk, treasury));
    }

    /// @notice What the pool is worth, USDC, rounded down, and nothing if it is negative. ERC-4626's views may not revert: without a
    /// live price the book is valued at the spot of the last mark.
    /// @dev A call that had too little gas for the oracle has far too little left for that: it cannot choose between the two.
    function poolAssets(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IPriceOracle oracle,
        IVolSurface surface
    ) external view returns (uint256) {
        uint256 spot = risk.mark.spot;
        try oracle.spot() returns (uint256 live, uint256) {
            spot = live;
        } catch {}
        int256 nav = navAt(risk, treasury, surface, spot);
        return nav <= 0 ? 0 : uint256(nav / INT_USDC_UNIT);
    }

    /// @notice See IOptionVault.exposureAt.
    function exposureAt(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        uint256 spot
    ) external view returns (IOptionVault.Exposure memory) {
        (Mark memory m, ) = RiskEngine.greeksAt(risk, surface, spot);
        return _exposure(risk, treasury, m, spot, assetsOf(risk, treasury));
    }

    /// @notice See IOptionVault.stressAt.
    function stressAt(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        IVolSurface surface,
        uint256 spot
    ) external view returns (IOptionVault.Exposure memory e, int256[12] memory navs, uint256 worst) {
        RiskEngine.Assets memory assets = assetsOf(risk, treasury);
        Mark memory m;
        (m, navs, worst) = RiskEngine.scenarioNavs(risk, surface, spot, assets);
        e = _exposure(risk, treasury, m, spot, assets);
    }

    /// @notice See IOptionVault.surfaceAllowance.
    function surfaceAllowance(
        RiskEngine.State storage risk,
        Treasury.State storage treasury
    ) external view returns (uint256) {
        return risk.surfaceBudget.available(treasury.epochNav(risk.limits.vegaCapacityBps));
    }

    /// @notice All that the pool has besides its book.
    function assetsOf(
        RiskEngine.State storage risk,
        Treasury.State storage treasury
    ) internal view returns (RiskEngine.Assets memory assets) {
        Treasury.Accounts memory accounts = treasury.accounts;
        assets.cash = accounts.netCash();
        (assets.base, assets.quote) = treasury.hedgeOf(risk.mark.inventory);
    }

    function _exposure(
        RiskEngine.State storage risk,
        Treasury.State storage treasury,
        Mark memory m,
        uint256 spot,
        RiskEngine.Assets memory assets
    ) private view returns (IOptionVault.Exposure memory) {
        int256 nav = RiskEngine.navOf(m, assets);
        return IOptionVault.Exposure(m, spot, assets.base, assets.quote, nav, treasury.vegaCapacity(), risk.traded);
    }
}
