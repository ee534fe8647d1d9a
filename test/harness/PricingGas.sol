// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {BlackScholes} from "../../contracts/libraries/BlackScholes.sol";
import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";

/// @notice Measures gas where it is spent: between two GAS opcodes, less what an empty measurement costs. Each function
/// under test is called from two places, so that the compiler emits a routine and the jump to it is counted, as in a
/// contract that prices in more than one place.
contract PricingGas {
    function greeks(
        uint256 forward,
        uint256 strike,
        uint256 timeToExpiry,
        uint256 vol
    ) external view returns (uint256 used, uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        if (vol == type(uint256).max) (call, put, callDelta, vega) = BlackScholes.greeks(strike, forward, vol, 1);
        uint256 overhead = _overhead();
        uint256 start = gasleft();
        (call, put, callDelta, vega) = BlackScholes.greeks(forward, strike, timeToExpiry, vol);
        used = start - gasleft() - overhead;
    }

    /// @notice A loop over the series of one expiry as a mark does it: vol from the slice, then prices and Greeks, added
    /// up. Loop and memory reads included; gas of the whole loop.
    function series(
        Ssvi.Slice memory slice,
        uint256 forward,
        uint256 timeToExpiry,
        uint256[] memory strikes
    ) external view returns (uint256 used, uint256 value, uint256 delta, uint256 vega) {
        int256[] memory logs = _logs(strikes, forward);
        uint256 sqrtTime = FixedPoint.sqrtTime(timeToExpiry);
        uint256 start = gasleft();
        unchecked {
            for (uint256 i = 0; i < strikes.length; ++i) {
                uint256 vol = Ssvi.impliedVolAt(slice, logs[i]);
                (uint256 call, uint256 put, uint256 callDelta, uint256 v) = BlackScholes.seriesGreeks(
                    forward,
                    strikes[i],
                    logs[i],
                    sqrtTime,
                    vol
                );
                value += call + put;
                delta += callDelta;
                vega += v;
            }
        }
        used = start - gasleft();
    }

    /// @notice The same series at a spot shifted by a factor, its logarithm known: calls and puts alone.
    function scenario(
        uint256 forward,
        uint256 timeToExpiry,
        uint256 vol,
        uint256[] memory strikes,
        uint256 factor
    ) external view returns (uint256 used, uint256 value) {
        int256[] memory logs = _logs(strikes, forward);
        uint256 sqrtTime = FixedPoint.sqrtTime(timeToExpiry);
        uint256 shifted = (forward * factor) / 1e18;
        int256 shift = FixedPoint.ln(factor);
        uint256 start = gasleft();
        unchecked {
            for (uint256 i = 0; i < strikes.length; ++i) {
                (uint256 call, uint256 put) = BlackScholes.seriesPrices(
                    shifted,
                    strikes[i],
                    logs[i] - shift,
                    sqrtTime,
                    vol
                );
                value += call + put;
            }
        }
        used = start - gasleft();
    }

    /// @notice The cost of one implied vol at a known ln(strike/forward).
    function impliedVol(Ssvi.Slice memory slice, int256 k) external view returns (uint256 used, uint256 vol) {
        uint256 overhead = _overhead();
        uint256 start = gasleft();
        vol = Ssvi.impliedVolAt(slice, k);
        used = start - gasleft() - overhead;
    }

    function _overhead() private view returns (uint256) {
        uint256 start = gasleft();
        return start - gasleft();
    }

    function _logs(uint256[] memory strikes, uint256 forward) private pure returns (int256[] memory logs) {
        logs = new int256[](strikes.length);
        for (uint256 i = 0; i < strikes.length; ++i) logs[i] = Ssvi.logMoneyness(strikes[i], forward);
    }
}
