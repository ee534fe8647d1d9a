// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {TickMath} from "@uniswap/v4-core/src/libraries/TickMath.sol";

import {IPriceOracle, MAX_LEAD_BPS} from "./interfaces/IPriceOracle.sol";
import {IChainlinkAggregator, IChainlinkBounds, IChainlinkFeed} from "./interfaces/external/IChainlinkFeed.sol";
import {IUniswapV3Pool} from "./interfaces/external/IUniswapV3.sol";
import {BPS} from "./libraries/Units.sol";

/// @title Chainlink spot, bounded by what a Uniswap v3 pool has seen of late, and provable settlement prices
contract PriceOracle is IPriceOracle {
    /// @dev A phase of the feed, and when it was first seen in force.
    struct PhaseSighting {
        uint16 phase;
        uint40 time;
    }

    /// @dev What the pool remembers of the last `twapWindow` seconds: the mean tick of all of it, and the lowest and the
    /// highest mean tick between two observations (`lowest > highest` if it was not traded), rounded down.
    struct Memory {
        int256 mean;
        int256 lowest;
        int256 highest;
        bool reachesBack;
    }

    /// @dev How far from a price the average counts in {averageNear}. Feeds report on half a percent: beyond that it is the
    /// average that lags, or is pushed.
    /// @dev How many empty round ids may lie before a settlement round. Mainnet's aggregators number without gaps.
    uint256 private constant MAX_GAP = 32;
    uint256 private constant PHASE_SHIFT = 64;
    /// @dev So many of the pool's last intervals are looked at one by one: a push of as many blocks does not hide what was
    /// before it.
    uint256 private constant SINGLE_INTERVALS = 4;

    /// @notice A phase of the feed was seen in force for the first time.
    event PhaseSeen(uint16 phaseId);

    IChainlinkFeed public immutable feed;
    IUniswapV3Pool public immutable pool;
    /// @notice Age of the Chainlink update, seconds, up to which it values the vault and opens risk.
    uint256 public immutable maxAge;
    /// @notice Age up to which there is a price at all, seconds: between the two, holders may still close. So long after an
    /// expiry, too, a phase of the feed may write the round that decides it.
    uint256 public immutable lastResortAge;
    /// @notice Window of the DEX average, seconds.
    uint32 public immutable twapWindow;
    /// @notice Chainlink's uptime feed of an L2's sequencer; zero where there is none.
    IChainlinkAggregator public immutable sequencer;
    /// @notice Seconds that the sequencer must have been up again: time for feed and pool to follow the market.
    uint256 public immutable sequencerGrace;

    /// @dev Decimals and bounds of answers of the phase in which the oracle was deployed, that phase, and when it was.
    uint256 private immutable knownUnit;
    int256 private immutable knownLeast;
    int256 private immutable knownMost;
    uint256 private immutable knownPhase;
    uint256 private immutable deployedAt;
    bool private immutable baseIsToken0;
    /// @dev Raw amount of the underlying whose raw USDC value reads as a WAD price of one unit.
    uint128 private immutable baseAmountForWad;

    /// @dev Later phases in the order in which they were seen.
    PhaseSighting[] private sightings;

    constructor(
        IChainlinkFeed feed_,
        IUniswapV3Pool pool_,
        IERC20Metadata base,
        IERC20Metadata quote,
        uint256 maxAge_,
        uint256 lastResortAge_,
        uint32 twapWindow_,
        IChainlinkAggregator sequencer_,
        uint256 sequencerGrace_
    ) {
        if (maxAge_ == 0) revert InvalidOracle("maxAge");
        if (lastResortAge_ < maxAge_) revert InvalidOracle("lastResortAge");
        if (twapWindow_ == 0) revert InvalidOracle("twapWindow");
        feed = feed_;
        pool = pool_;
        maxAge = maxAge_;
        lastResortAge = lastResortAge_;
        twapWindow = twapWindow_;
        sequencer = sequencer_;
        sequencerGrace = sequencerGrace_;
        if (address(sequencer_) != address(0)) {
            if (sequencerGrace_ == 0) revert InvalidOracle("sequencerGrace");
            sequencer_.latestRoundData(); // reverts if it is none
        }
        uint16 phase = feed_.phaseId();
        knownPhase = phase;
        knownUnit = 10 ** feed_.decimals();
        (knownLeast, knownMost) = _boundsOf(feed_.phaseAggregators(phase));
        deployedAt = block.timestamp;
        baseIsToken0 = pool_.token0() == address(base);
        (address low, address high) = baseIsToken0 ? (address(base), address(quote)) : (address(quote), address(base));
        if (pool_.token0() != low || pool_.token1() != high) revert InvalidOracle("pool");
        baseAmountForWad = SafeCast.toUint128(10 ** (base.decimals() + 18 - quote.decimals()));
    }

    /// @inheritdoc IPriceOracle
    function settle(uint256 expiry, uint80 roundId) external returns (uint256) {
        notePhase();
        return settlementPrice(expiry, roundId);
    }

    /// @notice Writes down which phase of the feed is in force. For expiries after that, rounds of older ones count no more.
    /// Anyone may call it, and should when an aggregator is replaced; every settlement does.
    function notePhase() public {
        uint16 phase = feed.phaseId();
        uint256 count = sightings.length;
        if (phase <= (count == 0 ? knownPhase : sightings[count - 1].phase)) return;
        sightings.push(PhaseSighting(phase, uint40(block.timestamp)));
        emit PhaseSeen(phase);
    }

    /// @inheritdoc IPriceOracle
    function spot() public view returns (uint256 price, uint256 updatedAt) {
        (bool isUp, uint256 since) = _sequencer();
        if (!isUp) revert SequencerDown(since, sequencerGrace);
        (price, updatedAt) = _latest();
        if (block.timestamp - updatedAt > maxAge) revert StalePrice(updatedAt, maxAge);
    }

    /// @inheritdoc IPriceOracle
    function read() external view returns (Reading memory r) {
        (r.spot, r.updatedAt) = _latest();
        uint256 age = block.timestamp - r.updatedAt;
        if (age > lastResortAge) revert StalePrice(r.updatedAt, lastResortAge);
        bool reachesBack;
        (r.low, r.high, reachesBack) = _rangeAround(r.spot);
        r.high = Math.min(r.high, type(uint96).max); // a pool can be pushed anywhere; spots fit 96 bits
        (bool isUp, ) = _sequencer();
        r.stale = age > maxAge || !reachesBack || !isUp;
    }

    /// @inheritdoc IPriceOracle
    function averageNear(uint256 price) external view returns (uint256) {
        uint256 lead = (price * MAX_LEAD_BPS) / BPS;
        return Math.min(Math.max(average(), price - lead), price + lead);
    }

    /// @inheritdoc IPriceOracle
    function lastUpdate() external view returns (uint256 updatedAt) {
        (, updatedAt) = _latest();
    }

    /// @notice The pool's average over the window, or over as much of it as the pool remembers. The mean is geometric, as the
    /// pool records it. WAD.
    function average() public view returns (uint256) {
        (uint160 sqrtPrice, Memory memory m) = _remember();
        return _priceAt(m.lowest > m.highest ? sqrtPrice : TickMath.getSqrtPriceAtTick(int24(m.mean)));
    }

    /// @inheritdoc IPriceOracle
    /// @dev A round is valid when its answer is a price and its time positive. The phases that may have been in force at expiry
    /// begin with the last one that was seen in force before; of those, the oldest that writes a round within
    /// `lastResortAge` of the expiry decides, by its first. A new aggregator writes rounds before the proxy switches to it, and
    /// nothing says afterwards when that was. So an older phase's round counts for as long as it could be proven before the
    /// switch, and while an older phase may still write one, no later phase's counts: the answer never changes once there is
    /// one. Only if no phase wrote anything for so long does the first that does decide.
    ///
    /// All rounds are read through the proxy, which every aggregator answers, and what cannot be read never counts in a
    /// round's favour.
    function settlementPrice(uint256 expiry, uint80 roundId) public view returns (uint256) {
        if (block.timestamp < expiry) revert NotExpired(expiry, block.timestamp);
        (int256 answer, uint256 time, bool valid) = _round(roundId);
        if (!valid || time > block.timestamp) revert InvalidPrice(answer, time);
        if (time < expiry) revert RoundBeforeExpiry(roundId, time, expiry);
        (uint80 previous, uint256 previousTime) = _previousInPhase(roundId);
        if (previousTime >= expiry) revert NotFirstRound(roundId, previous, expiry);
        uint16 phase = uint16(roundId >> PHASE_SHIFT);
        _requireDecisive(roundId, phase, time, expiry);
        return _toWad(answer, phase);
    }

    /// @notice The oldest phase of the feed whose rounds may decide `expiry`.
    function firstPhase(uint256 expiry) public view returns (uint16) {
        for (uint256 i = sightings.length; i > 0; --i) {
            if (sightings[i - 1].time < expiry) return sightings[i - 1].phase;
        }
        return deployedAt <= expiry ? uint16(knownPhase) : 1;
    }

    /// @dev No other phase's round decides. `roundId`, at `time`, is the first of its phase at or after expiry.
    function _requireDecisive(uint80 roundId, uint16 phase, uint256 time, uint256 expiry) private view {
        uint256 until = expiry + lastResortAge;
        uint16 first = firstPhase(expiry);
        if (phase < first) revert PhaseSuperseded(roundId, first);
        for (uint16 older = first; older < phase; ++older) {
            (uint80 rival, uint256 rivalTime) = _firstAtOrAfter(older, expiry);
            if (rivalTime != 0 && rivalTime <= Math.max(until, time)) revert NotFirstRound(roundId, rival, expiry);
            if (block.timestamp <= until) revert PhaseUndecided(older, until);
        }
        if (time <= until) return;
        uint16 current = feed.phaseId();
        for (uint16 newer = phase + 1; newer <= current; ++newer) {
            (uint80 rival, uint256 rivalTime) = _firstAtOrAfter(newer, expiry);
            if (rivalTime != 0 && rivalTime < time) revert NotFirstRound(roundId, rival, expiry);
        }
    }

    /// @dev The first valid round of a phase at or after expiry, (0, 0) if none. Bisects the contiguous ids and then looks
    /// past gaps: some thirty reads, in the rare case that a phase ended around an expiry.
    function _firstAtOrAfter(uint16 phase, uint256 expiry) private view returns (uint80, uint256) {
        uint64 last = 0; // of the ids known to be before expiry
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
        (, uint256 time, bool valid) = _round(_roundId(phase, id));
        return valid && time < expiry;
    }

    /// @dev The valid round before `roundId` in its own phase, (0, 0) if there is none.
    function _previousInPhase(uint80 roundId) private view returns (uint80 id, uint256 time) {
        uint64 first = uint64(roundId);
        for (uint64 skipped = 1; skipped < first; ++skipped) {
            if (skipped > MAX_GAP) revert GapTooLong(roundId, MAX_GAP);
            id = roundId - skipped;
            bool valid;
            (, time, valid) = _round(id);
            if (valid) return (id, time);
        }
        return (0, 0);
    }

    /// @dev The valid round after `id` in a phase, at most a gap away; (0, 0) if there is none.
    function _nextInPhase(uint16 phase, uint64 id) private view returns (uint64 next, uint256 time) {
        for (uint64 skipped = 1; skipped <= MAX_GAP; ++skipped) {
            next = id + skipped;
            bool valid;
            (, time, valid) = _round(_roundId(phase, next));
            if (valid) return (next, time);
        }
        return (0, 0);
    }

    function _roundId(uint16 phase, uint64 id) private pure returns (uint80) {
        return (uint80(phase) << uint80(PHASE_SHIFT)) | id;
    }

    /// @dev Zeros for a round that does not exist: proxies answer zeros or revert, depending on the aggregator.
    function _round(uint80 roundId) private view returns (int256 answer, uint256 time, bool valid) {
        try feed.getRoundData(roundId) returns (uint80, int256 answer_, uint256, uint256 updatedAt, uint80) {
            return (answer_, updatedAt, updatedAt != 0 && _isPrice(answer_, roundId >> PHASE_SHIFT));
        } catch {
            return (0, 0, false);
        }
    }

    /// @dev Decimals belong to the aggregator of a phase: an upgrade may bring one with others.
    function _toWad(int256 answer, uint16 phase) private view returns (uint256) {
        address aggregator = feed.phaseAggregators(phase);
        uint8 decimals = aggregator.code.length == 0 ? feed.decimals() : IChainlinkAggregator(aggregator).decimals();
        return Math.mulDiv(uint256(answer), 1e18, 10 ** decimals);
    }

    /// @dev An aggregator keeps its decimals and bounds: they are asked for again only once another phase has begun.
    function _latest() private view returns (uint256 price, uint256 updatedAt) {
        (uint80 roundId, int256 answer, , uint256 time, ) = feed.latestRoundData();
        uint256 phase = roundId >> PHASE_SHIFT;
        // All must hold; a price from the future is as wrong as an old one.
        if (time == 0 || time > block.timestamp || !_isPrice(answer, phase)) revert InvalidPrice(answer, time);
        uint256 unit = phase == knownPhase ? knownUnit : 10 ** feed.decimals();
        return ((uint256(answer) * 1e18) / unit, time);
    }

    /// @dev An aggregator answers with a bound of its own when the price is beyond it.
    function _isPrice(int256 answer, uint256 phase) private view returns (bool) {
        if (phase == knownPhase) return answer > knownLeast && answer < knownMost;
        (int256 least, int256 most) = _boundsOf(feed.phaseAggregators(uint16(phase)));
        return answer > least && answer < most;
    }

    /// @dev The least and the largest answer that an aggregator can give. Newer ones have no bounds that matter, or none.
    function _boundsOf(address aggregator) private view returns (int256 least, int256 most) {
        least = SignedMath.max(_boundOf(aggregator, IChainlinkBounds.minAnswer.selector), 0);
        most = _boundOf(aggregator, IChainlinkBounds.maxAnswer.selector);
        if (most <= least) most = type(int256).max;
    }

    function _boundOf(address aggregator, bytes4 question) private view returns (int256) {
        (bool answers, bytes memory data) = aggregator.staticcall(abi.encodeWithSelector(question));
        return answers && data.length == 32 ? abi.decode(data, (int256)) : int256(0);
    }

    /// @dev Whether the sequencer has been up for long enough, and since when; one whose feed does not answer is down. On its
    /// return the first transactions see the prices of before the outage.
    function _sequencer() private view returns (bool isUp, uint256 since) {
        if (address(sequencer) == address(0)) return (true, 0);
        try sequencer.latestRoundData() returns (uint80, int256 answer, uint256 startedAt, uint256, uint80) {
            since = startedAt;
            isUp = answer == 0 && since != 0 && since <= block.timestamp && block.timestamp - since > sequencerGrace;
        } catch {
            return (false, 0);
        }
    }

    /// @dev The pool's price of the moment is quick and easily pushed: but pushed away, it only widens the range, at the cost
    /// of whoever trades next. So that it cannot be pushed back, either, for one transaction or for a few blocks, what it was
    /// between its last observations is in the range too, and with that its average.
    function _rangeAround(uint256 price) private view returns (uint256 low, uint256 high, bool reachesBack) {
        (uint160 sqrtPrice, Memory memory m) = _remember();
        (low, high) = _including(price, price, _priceAt(sqrtPrice));
        reachesBack = m.reachesBack;
        if (m.lowest > m.highest) return (low, high, reachesBack);
        (low, high) = _including(low, high, _priceAt(TickMath.getSqrtPriceAtTick(int24(m.lowest))));
        if (m.lowest == m.highest) return (low, high, reachesBack);
        (low, high) = _including(low, high, _priceAt(TickMath.getSqrtPriceAtTick(int24(m.highest))));
    }

    /// @dev The pool writes an observation when its tick is about to move in a block. None within the window: the price of
    /// the moment is all there is. Else it is read back to the window's start, observation by observation first and then in
    /// doubling steps: a few reads where `observe` bisects the whole ring. The mean begins on the line between the two that
    /// enclose the window's start. A ring that does not reach back so far can be rewritten by a few swaps.
    function _remember() private view returns (uint160 sqrtPrice, Memory memory m) {
        int256 tick;
        uint256 index;
        uint256 cardinality;
        (sqrtPrice, tick, index, cardinality) = pool.slot0();
        (uint256 age, int256 sum, ) = _observation(index);
        (m.mean, m.lowest, m.highest) = (tick, type(int256).max, type(int256).min);
        m.reachesBack = age >= twapWindow;
        if (m.reachesBack) return (sqrtPrice, m);
        unchecked {
            // Ages fit 32 bits, ticks 24 and their sums 56; positions in the ring 16.
            int256 now_ = sum + tick * int256(age);
            (uint256 laterAge, int256 later, uint256 near) = (age, sum, 0);
            bool exists = true;
            for (
                uint256 back = 1;
                back < cardinality && exists && age < twapWindow;
                back = _further(back, cardinality)
            ) {
                (laterAge, later) = (age, sum);
                (age, sum, exists) = _observation(_position(index, back, cardinality));
                if (!exists) (age, sum, ) = _observation(0); // a ring that is not yet full
                uint256 far = exists ? back : index;
                // A step that went far beyond the window's start hides what was just after it.
                while (far > near + 1 && age > 2 * twapWindow) {
                    uint256 middle = (near + far) / 2;
                    (uint256 age_, int256 sum_, ) = _observation(_position(index, middle, cardinality));
                    if (age_ < twapWindow) {
                        if (age_ != laterAge) _see(m, _meanTick(later - sum_, age_ - laterAge));
                        (near, laterAge, later) = (middle, age_, sum_);
                    } else {
                        (far, age, sum) = (middle, age_, sum_);
                    }
                }
                if (age != laterAge) _see(m, _meanTick(later - sum, age - laterAge));
                near = back;
            }
            m.reachesBack = age >= twapWindow;
            if (m.reachesBack) {
                sum += ((later - sum) * int256(age - twapWindow)) / int256(age - laterAge);
                age = twapWindow;
            }
            if (age != 0) m.mean = _meanTick(now_ - sum, age);
            _see(m, m.mean);
        }
    }

    function _see(Memory memory m, int256 tick) private pure {
        m.lowest = SignedMath.min(m.lowest, tick);
        m.highest = SignedMath.max(m.highest, tick);
    }

    /// @dev Where in the ring the observation `back` before the newest is.
    function _position(uint256 index, uint256 back, uint256 cardinality) private pure returns (uint256) {
        unchecked {
            return back > index ? index + cardinality - back : index - back;
        }
    }

    /// @dev Which observation to look at after the one `back` from the newest; the oldest of the ring comes last.
    function _further(uint256 back, uint256 cardinality) private pure returns (uint256) {
        if (back == cardinality - 1) return cardinality;
        return Math.min(back < SINGLE_INTERVALS ? back + 1 : 2 * back, cardinality - 1);
    }

    /// @dev Rounds down, as ticks do; Solidity truncates towards zero.
    function _meanTick(int256 sum, uint256 elapsed) private pure returns (int256 tick) {
        unchecked {
            tick = sum / int256(elapsed);
            if (tick * int256(elapsed) > sum) --tick;
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
