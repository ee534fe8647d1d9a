// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {BlackScholes} from "./BlackScholes.sol";
import {SeriesId} from "./SeriesId.sol";
import {INT_WAD, WAD} from "./Units.sol";
import {Valuation} from "./Valuation.sol";

/// @dev How many scenarios there are.
uint256 constant SCENARIOS = 12;

/// @title The book's value in twelve scenarios of spot and vol
/// @notice Owns the storage of the values (in units of 0.52 cents, rounded down: a liability is never rounded away), two slots for
/// twelve numbers, and the verbs on them. The hedge is not in them: it is worth base · spot + quote in any scenario, and is
/// added when a rule asks for the worst case, as it stands then.
/// @dev In memory values count in WAD · WAD, a quantity times a price, and a scenario is one word (see `_scenario`).
/// Arithmetic is unchecked: quantities are below 2¹²⁸ and prices below 2¹⁰⁰, so that no sum of a book comes near 2²⁵⁵.
library StressGrid {
    struct State {
        uint256[2] packed;
    }

    /// @notice A value in some scenario is beyond 2.8 billion dollars.
    error StressTooLarge();

    /// @dev A unit is 2¹¹² of WAD · WAD, 0.52 cents: shifts round towards minus infinity, and cost less than divisions.
    uint256 private constant UNIT_BITS = 112;
    /// @dev Loops go over the bytes of an array in memory: no index has to be multiplied.
    uint256 private constant WORD = 0x20;
    uint256 private constant END = 12 * 0x20;

    /// @notice The scenarios: falls and rises of spot from a bad hour to a gap that no hedge follows, each with the vol
    /// that has come with such moves, and vol alone in both directions.
    function scenarios() internal pure returns (uint256[SCENARIOS] memory grid) {
        grid[0] = _scenario(0.25e18, -1.386294361119890619e18, 2e18);
        grid[1] = _scenario(0.5e18, -0.693147180559945309e18, 1.7e18);
        grid[2] = _scenario(0.7e18, -0.356674943938732379e18, 1.4e18);
        grid[3] = _scenario(0.85e18, -0.162518929497774914e18, 1.25e18);
        grid[4] = _scenario(0.85e18, -0.162518929497774914e18, 0.8e18);
        grid[5] = _scenario(1e18, 0, 1.5e18);
        grid[6] = _scenario(1e18, 0, 0.65e18);
        grid[7] = _scenario(1.15e18, 0.139761942375158628e18, 1.25e18);
        grid[8] = _scenario(1.15e18, 0.139761942375158628e18, 0.8e18);
        grid[9] = _scenario(1.4e18, 0.336472236621212931e18, 1.3e18);
        grid[10] = _scenario(2e18, 0.693147180559945309e18, 1.5e18);
        grid[11] = _scenario(3e18, 1.098612288668109691e18, 1.8e18);
    }

    /// @notice Adds a position in a series before its expiry to `values`.
    /// @dev The strike's vol is multiplied, not read anew from the surface at the shifted spot: the smile sticks to strikes.
    /// Black-Scholes is total, so that no vol is too high for it.
    function add(
        int256[SCENARIOS] memory values,
        uint256[SCENARIOS] memory grid,
        Valuation.Position memory p
    ) internal pure {
        unchecked {
            (uint256 forward, uint256 deviation, int256 k) = (
                p.tenor.forward,
                p.greeks.vol * p.tenor.sqrtTime,
                p.greeks.k
            );
            (uint256 strike, bool isCall, int256 quantity) = (p.strike, p.isCall, p.quantity);
            for (uint256 i = 0; i < END; i += WORD) {
                uint256 s = _at(grid, i);
                uint256 price = BlackScholes.seriesPrice(
                    (forward * _spotFactor(s)) / WAD,
                    strike,
                    k - _logFactor(s),
                    (deviation * _volFactor(s)) / WAD,
                    isCall
                );
                _increase(values, i, quantity * int256(price));
            }
        }
    }

    /// @notice The same after its expiry: pay-offs at the shifted spot.
    function addExpired(
        int256[SCENARIOS] memory values,
        uint256[SCENARIOS] memory grid,
        uint256 spot,
        uint256 strike,
        bool isCall,
        int256 quantity
    ) internal pure {
        unchecked {
            for (uint256 i = 0; i < END; i += WORD) {
                uint256 shifted = (spot * _spotFactor(_at(grid, i))) / WAD;
                _increase(values, i, quantity * int256(SeriesId.payoff(strike, isCall, shifted)));
            }
        }
    }

    /// @notice The stored values, to which positions can be added.
    function load(State storage self) internal view returns (int256[SCENARIOS] memory values) {
        (uint256 first, uint256 second) = (self.packed[0], self.packed[1]);
        assembly ("memory-safe") {
            function unpack(place, word) {
                mstore(place, shl(UNIT_BITS, signextend(4, word))) // 5 bytes: the lowest 40 bits
                mstore(add(place, 0x20), shl(UNIT_BITS, signextend(4, shr(40, word))))
                mstore(add(place, 0x40), shl(UNIT_BITS, signextend(4, shr(80, word))))
                mstore(add(place, 0x60), shl(UNIT_BITS, signextend(4, shr(120, word))))
                mstore(add(place, 0x80), shl(UNIT_BITS, signextend(4, shr(160, word))))
                mstore(add(place, 0xa0), shl(UNIT_BITS, signextend(4, shr(200, word))))
            }
            unpack(values, first)
            unpack(add(values, 0xc0), second)
        }
    }

    /// @notice Stores values, each rounded down to a unit. Reverts beyond 2.8 billion dollars.
    function store(State storage self, int256[SCENARIOS] memory values) internal {
        uint256 first;
        uint256 second;
        uint256 excess;
        // Written out: a function would cost twice as much.
        assembly ("memory-safe") {
            let units
            units := sar(UNIT_BITS, mload(add(values, 0xa0)))
            excess := or(excess, xor(units, signextend(4, units)))
            first := and(units, 0xffffffffff)
            units := sar(UNIT_BITS, mload(add(values, 0x80)))
            excess := or(excess, xor(units, signextend(4, units)))
            first := or(shl(40, first), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0x60)))
            excess := or(excess, xor(units, signextend(4, units)))
            first := or(shl(40, first), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0x40)))
            excess := or(excess, xor(units, signextend(4, units)))
            first := or(shl(40, first), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0x20)))
            excess := or(excess, xor(units, signextend(4, units)))
            first := or(shl(40, first), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(values))
            excess := or(excess, xor(units, signextend(4, units)))
            first := or(shl(40, first), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0x160)))
            excess := or(excess, xor(units, signextend(4, units)))
            second := and(units, 0xffffffffff)
            units := sar(UNIT_BITS, mload(add(values, 0x140)))
            excess := or(excess, xor(units, signextend(4, units)))
            second := or(shl(40, second), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0x120)))
            excess := or(excess, xor(units, signextend(4, units)))
            second := or(shl(40, second), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0x100)))
            excess := or(excess, xor(units, signextend(4, units)))
            second := or(shl(40, second), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0xe0)))
            excess := or(excess, xor(units, signextend(4, units)))
            second := or(shl(40, second), and(units, 0xffffffffff))
            units := sar(UNIT_BITS, mload(add(values, 0xc0)))
            excess := or(excess, xor(units, signextend(4, units)))
            second := or(shl(40, second), and(units, 0xffffffffff))
        }
        if (excess != 0) revert StressTooLarge();
        (self.packed[0], self.packed[1]) = (first, second);
    }

    /// @notice The least, over all scenarios, of what book and hedge are worth, WAD · WAD: see `scaled`.
    /// @param values Of the book. @param base Hedge in units of underlying, WAD. @param spot WAD.
    function worst(
        int256[SCENARIOS] memory values,
        uint256[SCENARIOS] memory grid,
        int256 base,
        uint256 spot
    ) internal pure returns (int256 least, uint256 index) {
        unchecked {
            int256 hedge = _floorDiv(base * int256(spot), INT_WAD);
            least = type(int256).max;
            assembly ("memory-safe") {
                for {
                    let i := 0
                } lt(i, END) {
                    i := add(i, WORD)
                } {
                    let value := add(mload(add(values, i)), mul(hedge, shr(192, mload(add(grid, i)))))
                    if slt(value, least) {
                        least := value
                        index := i
                    }
                }
            }
            index /= WORD;
        }
    }

    /// @notice What book and hedge are worth in one scenario, WAD · WAD. Parameters as in `worst`.
    function worthIn(
        uint256 scenario,
        int256[SCENARIOS] memory values,
        uint256[SCENARIOS] memory grid,
        int256 base,
        uint256 spot
    ) internal pure returns (int256) {
        return values[scenario] + _floorDiv(base * int256(spot), INT_WAD) * int256(_spotFactor(grid[scenario]));
    }

    /// @notice WAD USDC, rounded down, of a worth that counts in WAD · WAD.
    function scaled(int256 worth) internal pure returns (int256) {
        return _floorDiv(worth, INT_WAD);
    }

    /// @notice Book, hedge and `cash` (WAD USDC) in each scenario, WAD USDC, rounded down.
    function totals(
        int256[SCENARIOS] memory values,
        int256 base,
        uint256 spot,
        int256 cash
    ) internal pure returns (int256[SCENARIOS] memory sums) {
        uint256[SCENARIOS] memory grid = scenarios();
        int256 hedge = _floorDiv(base * int256(spot), INT_WAD);
        for (uint256 i = 0; i < SCENARIOS; ++i) {
            sums[i] = cash + _floorDiv(values[i] + hedge * int256(_spotFactor(grid[i])), INT_WAD);
        }
    }

    /// @notice The book's values out of `totals`, to half a cent.
    function fromTotals(
        int256[SCENARIOS] calldata sums,
        int256 base,
        uint256 spot,
        int256 cash
    ) internal pure returns (int256[SCENARIOS] memory values) {
        uint256[SCENARIOS] memory grid = scenarios();
        int256 hedge = _floorDiv(base * int256(spot), INT_WAD);
        for (uint256 i = 0; i < SCENARIOS; ++i) {
            values[i] = (sums[i] - cash) * INT_WAD - hedge * int256(_spotFactor(grid[i]));
        }
    }

    function copy(int256[SCENARIOS] memory values) internal pure returns (int256[SCENARIOS] memory same) {
        assembly ("memory-safe") {
            mcopy(same, values, END)
        }
    }

    /// @param spotFactor New spot over spot, WAD, below 2⁶⁴. @param logFactor Its logarithm, WAD. @param volFactor New vol
    /// over vol, WAD, below 2⁶⁴.
    function _scenario(uint256 spotFactor, int256 logFactor, uint256 volFactor) private pure returns (uint256) {
        return (spotFactor << 192) | (volFactor << 128) | uint128(int128(logFactor));
    }

    function _spotFactor(uint256 scenario) private pure returns (uint256) {
        return scenario >> 192;
    }

    function _volFactor(uint256 scenario) private pure returns (uint256) {
        return uint64(scenario >> 128);
    }

    function _logFactor(uint256 scenario) private pure returns (int256) {
        return int128(uint128(scenario));
    }

    function _floorDiv(int256 a, int256 b) private pure returns (int256 quotient) {
        unchecked {
            quotient = a / b;
            if (quotient * b > a) --quotient;
        }
    }

    /// @dev The element of `grid` at byte `i`, which is known to be below END: a checked index costs 49 gas more.
    function _at(uint256[SCENARIOS] memory grid, uint256 i) private pure returns (uint256 scenario) {
        assembly ("memory-safe") {
            scenario := mload(add(grid, i))
        }
    }

    function _increase(int256[SCENARIOS] memory values, uint256 i, int256 by) private pure {
        assembly ("memory-safe") {
            let place := add(values, i)
            mstore(place, add(mload(place), by))
        }
    }
}
