// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Slice} from "../../contracts/interfaces/Types.sol";
import {BlackScholes} from "../../contracts/libraries/BlackScholes.sol";
import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";

/// @notice Measures gas where it is spent: between two GAS opcodes, less what an empty measurement costs.
contract PricingGas {
    /// @notice One option priced from scratch, four outputs.
    function greeks(
        uint256 forward,
        uint256 strike,
        uint256 timeToExpiry,
        uint256 vol
    ) external view returns (uint256 used, uint256 call, uint256 put, uint256 callDelta, uint256 vega) {
        unchecked {
            uint256 overhead = _overhead();
            uint256 start = gasleft();
            (call, put, callDelta, vega) = BlackScholes.greeks(forward, strike, timeToExpiry, vol);
            used = start - gasleft() - overhead;
        }
    }

    /// @notice A loop over the series of one expiry, as a mark does it: vol from the slice, then prices and Greeks, added
    /// up. Reading strikes and logarithms from memory, adding up and looping are included.
    /// @return used gas per series
    function series(
        Slice memory slice,
        uint256 forward,
        uint256 timeToExpiry,
        uint256[] memory strikes
    ) external view returns (uint256 used, uint256 value, uint256 delta, uint256 vega) {
        unchecked {
            uint256[2][] memory book = _book(strikes, forward);
            uint256 sqrtTime = FixedPoint.sqrtTime(timeToExpiry);
            uint256 start = gasleft();
            for (uint256 i = 0; i < book.length; ++i) {
                uint256[2] memory s = book[i];
                int256 k = int256(s[1]);
                (uint256 call, uint256 put, uint256 callDelta, uint256 v) = BlackScholes.seriesGreeks(
                    forward,
                    s[0],
                    k,
                    sqrtTime,
                    Ssvi.impliedVolAt(slice, k)
                );
                value += call + put;
                delta += callDelta;
                vega += v;
            }
            used = (start - gasleft()) / strikes.length;
        }
    }

    /// @notice The same series at a shifted spot, whose logarithm is known: call and put alone.
    function scenario(
        uint256 forward,
        uint256 strike,
        int256 logMoneyness,
        uint256 sqrtTime,
        uint256 vol
    ) external view returns (uint256 used, uint256 call, uint256 put) {
        unchecked {
            uint256 overhead = _overhead();
            uint256 start = gasleft();
            (call, put) = BlackScholes.seriesPrices(forward, strike, logMoneyness, sqrtTime, vol);
            used = start - gasleft() - overhead;
        }
    }

    /// @notice One implied vol at a known ln(strike/forward).
    function impliedVol(Slice memory slice, int256 k) external view returns (uint256 used, uint256 vol) {
        unchecked {
            uint256 overhead = _overhead();
            uint256 start = gasleft();
            vol = Ssvi.impliedVolAt(slice, k);
            used = start - gasleft() - overhead;
        }
    }

    function _overhead() private view returns (uint256) {
        unchecked {
            uint256 start = gasleft();
            return start - gasleft();
        }
    }

    /// @dev Strike and ln(strike/forward) of each series, side by side.
    function _book(uint256[] memory strikes, uint256 forward) private pure returns (uint256[2][] memory book) {
        book = new uint256[2][](strikes.length);
        for (uint256 i = 0; i < strikes.length; ++i) {
            book[i] = [strikes[i], uint256(Ssvi.logMoneyness(strikes[i], forward))];
        }
    }
}
