// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC6909TokenSupply} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {PriceAggregator} from "../../../contracts/devnet/PriceAggregator.sol";
import {PriceFeed} from "../../../contracts/devnet/PriceFeed.sol";
import {IHedgePosition} from "../../../contracts/interfaces/IHedgePosition.sol";
import {IOptionMarket} from "../../../contracts/interfaces/IOptionMarket.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IPriceOracle} from "../../../contracts/interfaces/IPriceOracle.sol";
import {IVolSurface} from "../../../contracts/interfaces/IVolSurface.sol";
import {ListingLimits, Pricing, Slice, SpreadParams, VaultLimits} from "../../../contracts/interfaces/Types.sol";
import {ListingRules} from "../../../contracts/libraries/ListingRules.sol";
import {SeriesId} from "../../../contracts/libraries/SeriesId.sol";
import {Ranges} from "../Ranges.sol";
import {CHEATS} from "./Cheats.sol";
import {Exchange} from "./Exchange.sol";
import {HedgeStandIn} from "./HedgeStandIn.sol";

/// @notice What the vault has besides its interface.
interface IVault is IOptionVault, IERC20 {
    function reservedForRedemptions() external view returns (uint256);
    function setModules(address market, IHedgePosition hedge) external;
}

/// @notice What the market has besides its interface.
interface IMarket is IOptionMarket, IERC6909TokenSupply {}

/// @notice The whole system with the parameters of a deployment, on a real Uniswap pool, with a clock and a price to move.
abstract contract World is Exchange, Ranges {
    /// @notice A listed expiry, the round that decides it and its price (zero before it exists), and its series.
    struct Listing {
        uint256 expiry;
        uint80 round;
        uint256 roundPrice;
        uint256[] ids;
    }

    uint256 internal constant START = 1_800_000_000;
    uint256 internal constant FIRST_PRICE = 3_000e18;
    uint256 internal constant EXPIRY_HOUR = 8 hours;
    uint256 internal constant FEED_MAX_AGE = 4_200;
    uint256 internal constant TWAP_WINDOW = 120;
    uint64 private constant GUARDIAN_ROLE = 2;
    uint64 private constant LISTER_ROLE = 4;
    uint64 private constant POSTER_ROLE = 5;

    IVault public vault;
    IMarket public market;
    HedgeStandIn public hedge;
    IVolSurface public surface;
    IPriceOracle public oracle;
    IAccessManager private manager;
    PriceFeed internal feed;
    PriceAggregator internal aggregator;

    address internal constant KEEPER = address(0x7ee9e7);
    address internal constant GUARDIAN = address(0x66a7d1a);

    Listing[] internal listings;
    /// @dev Errors with which a surface may refuse a post that is well-formed.
    mapping(bytes4 selector => bool) private refusedPosts;
    /// @notice The clock: whoever acts sets the chain's time to it first.
    uint256 public time;
    /// @notice What the feed says, WAD.
    uint256 public price;
    /// @notice Vol at the money that the keeper posted last, WAD.
    uint256 public vol;

    function _open() internal {
        time = START;
        vol = 0.7e18;
        CHEATS.warp(time);
        _openExchange(FIRST_PRICE);
        aggregator = new PriceAggregator(address(this), 8, "ETH / USD");
        feed = new PriceFeed(address(this), aggregator);
        _setPrice(FIRST_PRICE);
        address authority = _deployArtifact(
            "artifacts/@openzeppelin/contracts/access/manager/AccessManager.sol/AccessManager.json",
            abi.encode(address(this))
        );
        manager = IAccessManager(authority);
        _deployKeel(authority);
        hedge = new HedgeStandIn(vault);
        usdc.approve(address(hedge), type(uint256).max);
        vault.setModules(address(market), hedge);
        _allow(address(surface), surface.post.selector, POSTER_ROLE);
        _allow(address(market), market.listSeries.selector, LISTER_ROLE);
        _allow(address(market), market.delistSeries.selector, LISTER_ROLE);
        _allow(address(vault), vault.pause.selector, GUARDIAN_ROLE);
        _allow(address(vault), vault.unpause.selector, GUARDIAN_ROLE);
        _grantPoster(KEEPER);
        _grantLister(KEEPER);
        manager.grantRole(GUARDIAN_ROLE, GUARDIAN, 0);
        refusedPosts[IVolSurface.PostTooSoon.selector] = true;
        refusedPosts[IVolSurface.VolStepTooLarge.selector] = true;
        refusedPosts[IVolSurface.ButterflyArbitrage.selector] = true;
    }

    function _deployKeel(address authority) private {
        // Whoever links another comes after it.
        string[11] memory names = [
            "EpochQueue",
            "ListingRules",
            "QuoteEngine",
            "PriceSources",
            "RiskEngine",
            "SeriesName",
            "TradeEngine",
            "TradePreview",
            "PoolEngine",
            "SurfaceEngine",
            "EpochEngine"
        ];
        for (uint256 i = 0; i < names.length; ++i) _deployLibrary(names[i]);
        surface = IVolSurface(_deploy("VolSurface", "VolSurface", abi.encode(authority, _surfaceLimits())));
        bytes memory arguments = abi.encode(feed, pool, weth, usdc, FEED_MAX_AGE, 1 days, TWAP_WINDOW, address(0), 0);
        oracle = IPriceOracle(_deploy("PriceOracle", "PriceOracle", arguments));
        arguments = abi.encode(authority, usdc, oracle, surface, _limits(), "Keel WETH/USDC", "keelETH");
        vault = IVault(_deploy("OptionVault", "OptionVault", arguments));
        surface.setVault(vault);
        arguments = abi.encode(authority, vault, weth, _pricing(), _listingRules());
        market = IMarket(_deploy("OptionMarket", "OptionMarket", arguments));
    }

    function _grantPoster(address account) internal {
        manager.grantRole(POSTER_ROLE, account, 0);
    }

    function _grantLister(address account) internal {
        manager.grantRole(LISTER_ROLE, account, 0);
    }

    function _allow(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }

    /// @dev A round of the feed, which decides every expiry that has passed without one.
    function _setPrice(uint256 next) internal {
        price = (next / 1e10) * 1e10;
        aggregator.transmit(int192(int256(price / 1e10)));
        uint80 round = uint80(feed.latestRound());
        for (uint256 i = listings.length; i > 0; --i) {
            Listing storage l = listings[i - 1];
            if (l.round == 0 && l.expiry <= time) (l.round, l.roundPrice) = (round, price);
        }
    }

    function _pass(uint256 elapsed) internal {
        time += elapsed;
        CHEATS.warp(time);
    }

    /// @dev The same smile for every expiry: free of calendar arbitrage at any `next`. False if the surface refused it.
    function _post(uint256[] memory expiries, uint256 count, uint256 next) internal returns (bool) {
        Slice[] memory slices = new Slice[](count);
        for (uint256 i = 0; i < count; ++i) {
            slices[i] = Slice({atmVol: next, skew: -0.1e18, curvature: 1e18, carry: 0});
        }
        assembly ("memory-safe") {
            mstore(expiries, count)
        }
        CHEATS.prank(KEEPER);
        try surface.post(expiries, slices) {
            return true;
        } catch (bytes memory reason) {
            require(refusedPosts[bytes4(reason)], "post failed for another reason than a limit");
            return false;
        }
    }

    /// @dev Calls and puts at two strikes around spot. Expiries are listed in ascending order.
    function _list(uint256 expiry) internal {
        uint256[] memory strikes = new uint256[](2);
        strikes[0] = _strikeNear((price * 95) / 100);
        strikes[1] = _strikeNear((price * 110) / 100);
        CHEATS.prank(KEEPER);
        market.listSeries(expiry, strikes);
        Listing storage l = listings.push();
        l.expiry = expiry;
        for (uint256 i = 0; i < 4; ++i) l.ids.push(SeriesId.encode(expiry, strikes[i / 2], i % 2 == 0));
    }

    /// @dev Three significant digits.
    function _strikeNear(uint256 value) internal pure returns (uint256) {
        uint256 unit = 1;
        while (value / unit >= 1000) unit *= 10;
        return (value / unit) * unit;
    }

    function _limits() internal pure virtual returns (VaultLimits memory) {
        return
            VaultLimits({
                vegaCapacityBps: 5_000,
                gammaCapacityBps: 2_000,
                seriesCapBps: 10_000,
                expiryCapBps: 20_000,
                reserveBps: 2_000,
                maxMarkAge: 600,
                maxMarkMoveBps: 50,
                maxDrawdownBps: 2_000,
                spreadVol: 0.005e18,
                epochLength: 1 days,
                surfaceLossBps: 86,
                vegaWindow: 1 hours,
                vegaWindowBps: 5_000,
                insuranceShareBps: 2_000,
                insuranceTargetBps: 500,
                capitalRateBps: 2_000
            });
    }

    function _pricing() internal pure virtual returns (Pricing memory) {
        return
            Pricing({
                spread: SpreadParams(0.01e18, 0.02e18, 0.01e18, 0.01e18),
                maxSkew: 0.1e18,
                minQuantity: 0.001e18,
                minFee: 10_000,
                hedgeCostBps: 5,
                feeBps: 3,
                feeCapBps: 1_250,
                maxDispersionBps: 300,
                cutOff: 1_800,
                maxSurfaceAge: 12 hours
            });
    }

    function _listingRules() private pure returns (ListingLimits memory) {
        return ListingLimits(2_500, 40_000, uint32(EXPIRY_HOUR), 35 days, 400 days);
    }

    function _surfaceLimits() internal pure virtual returns (IVolSurface.SurfaceBounds memory) {
        return
            IVolSurface.SurfaceBounds({
                minVol: 0.05e18,
                maxVol: 5e18,
                maxSkew: 0.95e18,
                maxCarry: 1e18,
                maxVolStep: 0.15e18,
                maxSkewStep: 0.2e18,
                maxWingStep: 0.5e18,
                maxCarryStep: 0.1e18,
                maxCurvature: 10_000e18,
                minInterval: 1_800,
                maxAge: 12 hours,
                maxTenor: 400 days,
                maxExpiries: 16,
                maxFollow: 0.12e18,
                maxForwardMove: 0.0005e18,
                followWindow: 1 days
            });
    }
}
