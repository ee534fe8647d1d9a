// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

import {IPriceOracle} from "./interfaces/IPriceOracle.sol";
import {IChainlinkAggregator, IChainlinkFeed} from "./interfaces/external/IChainlinkFeed.sol";
import {IUniswapV3Pool} from "./interfaces/external/IUniswapV3.sol";

/// @title Chainlink spot, bounded by a Uniswap v3 average, and provable settlement prices
contract PriceOracle is IPriceOracle {
    /// @dev How many empty round ids may lie before a settlement round. Mainnet's aggregators number without gaps.
    uint256 private constant MAX_GAP = 32;
    uint256 private constant PHASE_SHIFT = 64;

    IChainlinkFeed public immutable feed;
    IUniswapV3Pool public immutable pool;
    /// @notice Oldest acceptable Chainlink update, seconds.
    uint256 public immutable maxAge;
    /// @notice Window of the DEX average, seconds.
    uint32 public immutable twapWindow;

    bool private immutable baseIsToken0;
    /// @dev Raw amount of the underlying whose raw USDC value reads as a WAD price of one unit.
    uint128 private immutable baseAmountForWad;

    constructor(
        IChainlinkFeed feed_,
        IUniswapV3Pool pool_,
        IERC20Metadata base,
        IERC20Metadata quote,
        uint256 maxAge_,
        uint32 twapWindow_
    ) {
        feed = feed_;
        pool = pool_;
        maxAge = maxAge_;
        twapWindow = twapWindow_;
        baseIsToken0 = pool_.token0() == address(base);
        baseAmountForWad = uint128(10 ** (base.decimals() + 18 - quote.decimals()));
    }

    /// @inheritdoc IPriceOracle
    function spot() public view returns (uint256 price, uint256 updatedAt) {
        int256 answer;
        (, answer, , updatedAt, ) = feed.latestRoundData();
        // Both conditions must hold; a price from the future is as wrong as an old one.
        if (answer <= 0 || updatedAt == 0 || updatedAt > block.timestamp) revert InvalidPrice(answer, updatedAt);
        if (block.timestamp - updatedAt > maxAge) revert StalePrice(updatedAt, maxAge);
        price = _toWad(answer);
    }

    /// @inheritdoc IPriceOracle
    function spotRange() external view returns (uint256 low, uint256 high) {
        (uint256 price, ) = spot();
        uint256 average = twap();
        (low, high) = price < average ? (price, average) : (average, price);
    }

    /// @notice Time-weighted average price of the pool over `twapWindow`, WAD (geometric mean, as the pool records it).
    function twap() public view returns (uint256) {
        uint32[] memory ago = new uint32[](2);
        ago[0] = twapWindow;
        (int56[] memory cumulative, ) = pool.observe(ago);
        int56 delta = cumulative[1] - cumulative[0];
        int56 window = int56(uint56(twapWindow));
        int24 tick = int24(delta / window);
        if (delta < 0 && delta % window != 0) --tick; // Solidity truncates towards zero, ticks round down
        return _priceAt(tick);
    }

    /// @inheritdoc IPriceOracle
    /// @dev A round is valid when its answer and time are positive. Phases: the feed's history is the chain of phases in
    /// order; an old aggregator may go on publishing after its successor took over, so a round of phase p decides only if
    /// phase p+1 had not begun by expiry, and the first round of p only if phase p−1 ended before expiry. Exactly one
    /// round satisfies this, whoever asks.
    function settlementPrice(uint256 expiry, uint80 roundId) external view returns (uint256) {
        if (block.timestamp < expiry) revert NotExpired(expiry, block.timestamp);
        (int256 answer, uint256 time) = _round(roundId);
        if (answer <= 0 || time == 0 || time > block.timestamp) revert InvalidPrice(answer, time);
        if (time < expiry) revert RoundBeforeExpiry(roundId, time, expiry);

        uint16 phase = uint16(roundId >> PHASE_SHIFT);
        _requireNotSuperseded(roundId, phase, expiry);
        (uint80 previous, uint256 previousTime) = _previousRound(roundId, phase);
        if (previousTime >= expiry) revert NotFirstRound(roundId, previous, expiry);
        return _toWad(answer);
    }

    /// @dev The valid round before `roundId`: in its own phase, or else the last one of the phase before. (0, 0) if none.
    function _previousRound(uint80 roundId, uint16 phase) private view returns (uint80 id, uint256 time) {
        uint64 first = uint64(roundId);
        for (uint64 skipped = 1; skipped < first; ++skipped) {
            if (skipped > MAX_GAP) revert GapTooLong(roundId, MAX_GAP);
            id = roundId - skipped;
            int256 answer;
            (answer, time) = _round(id);
            if (answer > 0 && time != 0) return (id, time);
        }
        if (phase <= 1) return (0, 0);
        IChainlinkAggregator older = IChainlinkAggregator(feed.phaseAggregators(phase - 1));
        if (address(older).code.length == 0) return (0, 0);
        try older.latestRoundData() returns (uint80 last, int256, uint256, uint256 lastTime, uint80) {
            return ((uint80(phase - 1) << uint80(PHASE_SHIFT)) | uint64(last), lastTime);
        } catch {
            return (0, 0);
        }
    }

    /// @dev A later phase that began before expiry is the one whose rounds decide.
    function _requireNotSuperseded(uint80 roundId, uint16 phase, uint256 expiry) private view {
        uint16 current = feed.phaseId();
        if (phase >= current) return;
        (, uint256 nextBegan) = _round((uint80(phase + 1) << uint80(PHASE_SHIFT)) | 1);
        if (nextBegan != 0 && nextBegan < expiry) revert PhaseSuperseded(roundId, phase + 1);
    }

    /// @dev Zeros for a round that does not exist: proxies answer zeros or revert, depending on the aggregator.
    function _round(uint80 roundId) private view returns (int256 answer, uint256 time) {
        try feed.getRoundData(roundId) returns (uint80, int256 answer_, uint256, uint256 updatedAt, uint80) {
            return (answer_, updatedAt);
        } catch {
            return (0, 0);
        }
    }

    /// @dev Decimals are read at every call: a phase change may bring an aggregator with others.
    function _toWad(int256 answer) private view returns (uint256) {
        return Math.mulDiv(uint256(answer), 1e18, 10 ** feed.decimals());
    }

    function _priceAt(int24 tick) private view returns (uint256) {
        uint256 sqrtPrice = TickMath.getSqrtPriceAtTick(tick);
        uint256 ratioX128 = Math.mulDiv(sqrtPrice, sqrtPrice, 1 << 64); // token1 per token0
        return
            baseIsToken0
                ? Math.mulDiv(ratioX128, baseAmountForWad, 1 << 128)
                : Math.mulDiv(1 << 128, baseAmountForWad, ratioX128);
    }
}
