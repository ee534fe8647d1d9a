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
        price = Math.mulDiv(uint256(answer), 1e18, 10 ** feed.decimals());
    }

    /// @inheritdoc IPriceOracle
    /// @dev The average is hard to push and slow, the pool's price of the moment quick and easily pushed: but pushed, it
    /// only widens the range, at the cost of whoever trades next.
    function spotRange() external view returns (uint256 low, uint256 high) {
        (uint256 price, ) = spot();
        uint256 average = twap();
        (, int24 tick, , , , , ) = pool.slot0();
        uint256 current = _priceAt(tick);
        low = Math.min(price, Math.min(average, current));
        high = Math.max(price, Math.max(average, current));
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
    /// @dev A round is valid when its answer and time are positive. The phase in force at expiry is the last one whose
    /// first round came before. Its first round at or after expiry decides, unless the next phase began earlier than
    /// that: then the first round of that phase does. All rounds are read through the proxy, which every aggregator
    /// answers, and what cannot be read never counts in a round's favour.
    function settlementPrice(uint256 expiry, uint80 roundId) external view returns (uint256) {
        if (block.timestamp < expiry) revert NotExpired(expiry, block.timestamp);
        (int256 answer, uint256 time) = _round(roundId);
        if (answer <= 0 || time == 0 || time > block.timestamp) revert InvalidPrice(answer, time);
        if (time < expiry) revert RoundBeforeExpiry(roundId, time, expiry);

        uint16 phase = uint16(roundId >> PHASE_SHIFT);
        (uint80 previous, uint256 previousTime) = _previousInPhase(roundId);
        if (previousTime >= expiry) revert NotFirstRound(roundId, previous, expiry);
        if (previousTime != 0) {
            _requireBeforeNextPhase(roundId, time, phase, expiry);
        } else {
            _requireAfterOlderPhase(roundId, time, phase, expiry);
        }
        return _toWad(answer, phase);
    }

    /// @dev `roundId` is of a phase that had begun at expiry. A later phase must not have begun then too, nor before
    /// `roundId`.
    function _requireBeforeNextPhase(uint80 roundId, uint256 time, uint16 phase, uint256 expiry) private view {
        uint16 current = feed.phaseId();
        for (uint16 next = phase + 1; next <= current; ++next) {
            uint80 first = _roundId(next, 1);
            (, uint256 began) = _round(first);
            if (began == 0) continue; // a phase without rounds
            if (began < expiry) revert PhaseSuperseded(roundId, next);
            if (began < time) revert NotFirstRound(roundId, first, expiry);
            return;
        }
    }

    /// @dev `roundId` is the first of its phase. The phase before it must have begun before expiry, and must not have
    /// another round between expiry and `roundId`.
    function _requireAfterOlderPhase(uint80 roundId, uint256 time, uint16 phase, uint256 expiry) private view {
        for (uint16 older = phase - 1; older >= 1; --older) {
            uint80 first = _roundId(older, 1);
            (, uint256 began) = _round(first);
            if (began == 0) continue; // a phase without rounds
            if (began >= expiry) revert NotFirstRound(roundId, first, expiry);
            (uint80 rival, uint256 rivalTime) = _firstAtOrAfter(older, expiry);
            if (rivalTime != 0 && rivalTime <= time) revert NotFirstRound(roundId, rival, expiry);
            return;
        }
    }

    /// @dev The first valid round of a phase at or after expiry, (0, 0) if none; the phase's first round is before it.
    /// Bisects the contiguous ids and then looks past gaps: some thirty reads, in the rare case that a phase ended
    /// around an expiry.
    function _firstAtOrAfter(uint16 phase, uint256 expiry) private view returns (uint80, uint256) {
        uint64 last = 1; // of the rounds known to be before expiry
        while (true) {
            uint64 step = 1;
            while (_isBefore(phase, last + step, expiry)) {
                last += step;
                step *= 2;
            }
            for (; step > 0; step /= 2) {
                if (_isBefore(phase, last + step, expiry)) last += step;
            }
            (uint64 next, uint256 time) = _nextInPhase(phase, last);
            if (time == 0) return (0, 0);
            if (time >= expiry) return (_roundId(phase, next), time);
            last = next;
        }
        return (0, 0);
    }

    function _isBefore(uint16 phase, uint64 id, uint256 expiry) private view returns (bool) {
        (int256 answer, uint256 time) = _round(_roundId(phase, id));
        return answer > 0 && time != 0 && time < expiry;
    }

    /// @dev The valid round before `roundId` in its own phase, (0, 0) if there is none.
    function _previousInPhase(uint80 roundId) private view returns (uint80 id, uint256 time) {
        uint64 first = uint64(roundId);
        for (uint64 skipped = 1; skipped < first; ++skipped) {
            if (skipped > MAX_GAP) revert GapTooLong(roundId, MAX_GAP);
            id = roundId - skipped;
            int256 answer;
            (answer, time) = _round(id);
            if (answer > 0 && time != 0) return (id, time);
        }
        return (0, 0);
    }

    /// @dev The valid round after `id` in a phase, at most a gap away; (0, 0) if there is none.
    function _nextInPhase(uint16 phase, uint64 id) private view returns (uint64 next, uint256 time) {
        for (uint64 skipped = 1; skipped <= MAX_GAP; ++skipped) {
            next = id + skipped;
            int256 answer;
            (answer, time) = _round(_roundId(phase, next));
            if (answer > 0 && time != 0) return (next, time);
        }
        return (0, 0);
    }

    function _roundId(uint16 phase, uint64 id) private pure returns (uint80) {
        return (uint80(phase) << uint80(PHASE_SHIFT)) | id;
    }

    /// @dev Zeros for a round that does not exist: proxies answer zeros or revert, depending on the aggregator.
    function _round(uint80 roundId) private view returns (int256 answer, uint256 time) {
        try feed.getRoundData(roundId) returns (uint80, int256 answer_, uint256, uint256 updatedAt, uint80) {
            return (answer_, updatedAt);
        } catch {
            return (0, 0);
        }
    }

    /// @dev Decimals belong to the aggregator of a phase: an upgrade may bring one with others.
    function _toWad(int256 answer, uint16 phase) private view returns (uint256) {
        address aggregator = feed.phaseAggregators(phase);
        uint8 decimals = aggregator.code.length == 0 ? feed.decimals() : IChainlinkAggregator(aggregator).decimals();
        return Math.mulDiv(uint256(answer), 1e18, 10 ** decimals);
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
