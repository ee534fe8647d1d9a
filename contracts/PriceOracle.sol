// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
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
    /// @notice Age of the Chainlink update, seconds, up to which it values the vault and opens risk.
    uint256 public immutable maxAge;
    /// @notice Age up to which there is a price at all, seconds: between the two, holders may still close.
    uint256 public immutable lastResortAge;
    /// @notice Window of the DEX average, seconds.
    uint32 public immutable twapWindow;

    /// @dev Decimals of answers of the phase in which the oracle was deployed, and that phase.
    uint256 private immutable knownUnit;
    uint256 private immutable knownPhase;
    bool private immutable baseIsToken0;
    /// @dev Raw amount of the underlying whose raw USDC value reads as a WAD price of one unit.
    uint128 private immutable baseAmountForWad;

    constructor(
        IChainlinkFeed feed_,
        IUniswapV3Pool pool_,
        IERC20Metadata base,
        IERC20Metadata quote,
        uint256 maxAge_,
        uint256 lastResortAge_,
        uint32 twapWindow_
    ) {
        if (maxAge_ == 0) revert InvalidOracle("maxAge");
        if (lastResortAge_ < maxAge_) revert InvalidOracle("lastResortAge");
        if (twapWindow_ == 0) revert InvalidOracle("twapWindow");
        feed = feed_;
        pool = pool_;
        maxAge = maxAge_;
        lastResortAge = lastResortAge_;
        twapWindow = twapWindow_;
        knownUnit = 10 ** feed_.decimals();
        knownPhase = feed_.phaseId();
        baseIsToken0 = pool_.token0() == address(base);
        (address low, address high) = baseIsToken0 ? (address(base), address(quote)) : (address(quote), address(base));
        if (pool_.token0() != low || pool_.token1() != high) revert InvalidOracle("pool");
        baseAmountForWad = SafeCast.toUint128(10 ** (base.decimals() + 18 - quote.decimals()));
    }

    /// @inheritdoc IPriceOracle
    function spot() public view returns (uint256 price, uint256 updatedAt) {
        (price, updatedAt) = _latest();
        if (block.timestamp - updatedAt > maxAge) revert StalePrice(updatedAt, maxAge);
    }

    /// @inheritdoc IPriceOracle
    function read() external view returns (Reading memory r) {
        (r.spot, r.updatedAt) = _latest();
        uint256 age = block.timestamp - r.updatedAt;
        if (age > lastResortAge) revert StalePrice(r.updatedAt, lastResortAge);
        r.stale = age > maxAge;
        (r.low, r.high) = _rangeAround(r.spot);
        r.high = Math.min(r.high, type(uint96).max); // a pool can be pushed anywhere; spots fit 96 bits
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

    /// @dev An aggregator keeps its decimals: they are asked for again only once another phase has begun.
    function _latest() private view returns (uint256 price, uint256 updatedAt) {
        (uint80 roundId, int256 answer, , uint256 time, ) = feed.latestRoundData();
        // Both conditions must hold; a price from the future is as wrong as an old one.
        if (answer <= 0 || time == 0 || time > block.timestamp) revert InvalidPrice(answer, time);
        uint256 unit = roundId >> PHASE_SHIFT == knownPhase ? knownUnit : 10 ** feed.decimals();
        return ((uint256(answer) * 1e18) / unit, time);
    }

    /// @dev The average is hard to push and slow, the pool's price of the moment quick and easily pushed: but pushed away, it
    /// only widens the range, at the cost of whoever trades next. So that it cannot be pushed back for one transaction
    /// either, the price that the block began with is in the range too.
    ///
    /// The pool writes an observation when its tick is about to move in a block. None within the window: the price of
    /// the moment is the average. Else the average begins on the line between the two that enclose the window's start
    /// among the last, the 1st, 2nd, 4th, 8th … before it: exact when the pool was traded seldom, and a few reads where
    /// `observe` bisects the whole ring. A pool that does not remember that far answers with what it remembers.
    function _rangeAround(uint256 price) private view returns (uint256 low, uint256 high) {
        (uint160 sqrtPrice, int256 tick, uint256 index, uint256 cardinality) = pool.slot0();
        (low, high) = _including(price, price, _priceAt(sqrtPrice));
        (uint256 newestAge, int256 newest, ) = _observation(index);
        if (newestAge >= twapWindow) return (low, high);
        (uint256 laterAge, int256 later) = (newestAge, newest);
        (uint256 age, int256 earlier) = (newestAge, newest);
        unchecked {
            // Ages fit 32 bits, ticks 24 and their sums 56; positions in the ring 16.
            for (uint256 back = 1; back < cardinality && age < twapWindow; back *= 2) {
                (laterAge, later) = (age, earlier);
                bool exists;
                (age, earlier, exists) = _observation(back > index ? index + cardinality - back : index - back);
                if (!exists) {
                    (age, earlier, ) = _observation(0); // a ring that is not yet full
                    back = cardinality;
                }
                if (newestAge == 0 && back == 1) (low, high) = _includingAverage(low, high, newest - earlier, age);
            }
            int256 sum = newest + tick * int256(newestAge) - earlier;
            int256 excess = int256(age) - int256(uint256(twapWindow));
            if (excess <= 0) return _includingAverage(low, high, sum, age);
            sum -= ((later - earlier) * excess) / int256(age - laterAge);
            return _includingAverage(low, high, sum, twapWindow);
        }
    }

    /// @dev What the pool knew `age` seconds ago: the sum of its tick over all time before.
    function _observation(uint256 index) private view returns (uint256 age, int256 sum, bool exists) {
        uint32 time;
        (time, sum, , exists) = pool.observations(index);
        unchecked {
            age = uint32(block.timestamp) - time; // the pool's clock is 32 bits wide and wraps
        }
    }

    function _including(uint256 low, uint256 high, uint256 price) private pure returns (uint256, uint256) {
        return (Math.min(low, price), Math.max(high, price));
    }

    /// @param sum Of the tick over `elapsed` seconds. The mean is geometric, as the pool records it.
    function _includingAverage(
        uint256 low,
        uint256 high,
        int256 sum,
        uint256 elapsed
    ) private view returns (uint256, uint256) {
        if (elapsed == 0) return (low, high);
        unchecked {
            int256 seconds_ = int256(elapsed);
            int256 tick = sum / seconds_;
            if (tick * seconds_ > sum) --tick; // Solidity truncates towards zero, ticks round down
            return _including(low, high, _priceAt(TickMath.getSqrtPriceAtTick(int24(tick))));
        }
    }

    /// @dev Products of 256 bits need no wider ones.
    function _priceAt(uint256 sqrtPrice) private view returns (uint256) {
        unchecked {
            // token1 per token0
            uint256 ratioX128 =
                sqrtPrice >> 128 == 0 ? (sqrtPrice * sqrtPrice) >> 64 : Math.mulDiv(sqrtPrice, sqrtPrice, 1 << 64);
            if (!baseIsToken0) return (uint256(baseAmountForWad) << 128) / ratioX128;
            return
                ratioX128 >> 128 == 0
                    ? (ratioX128 * baseAmountForWad) >> 128
                    : Math.mulDiv(ratioX128, baseAmountForWad, 1 << 128);
        }
    }
}
