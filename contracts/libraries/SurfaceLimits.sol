// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IVolSurface} from "../interfaces/IVolSurface.sol";
import {Slice} from "../interfaces/Types.sol";
import {FixedPoint} from "./FixedPoint.sol";

/// @title What a post to the surface must respect, and what limits must
library SurfaceLimits {
    /// @dev Vols are stored in units of this.
    uint256 private constant VOL_UNIT = 1e8;

    /// @dev What limits may at most allow: the domain of the libraries, and less than the slot's fields hold.
    uint256 private constant VOL_CEILING = 10e18;
    uint256 private constant SKEW_CEILING = 1e18;
    uint256 private constant CURVATURE_CEILING = 1e5 * 1e18;
    uint256 private constant CARRY_CEILING = 4e18;
    uint256 private constant TENOR_CEILING = 3650 days;
    uint256 private constant FOLLOW_CEILING = 4e18;
    uint256 private constant FORWARD_CEILING = 1e18;

    /// @notice Refuses limits that contradict each other or that a slot cannot hold.
    function check(IVolSurface.SurfaceBounds memory bounds) internal pure {
        require(
            bounds.minVol >= VOL_UNIT &&
                bounds.minVol <= bounds.maxVol &&
                bounds.maxVol <= VOL_CEILING &&
                bounds.maxSkew < SKEW_CEILING &&
                bounds.maxCurvature <= CURVATURE_CEILING &&
                bounds.maxCarry <= CARRY_CEILING &&
                bounds.minInterval > 0 &&
                bounds.maxTenor <= TENOR_CEILING &&
                bounds.maxFollow > 0 &&
                bounds.maxFollow <= FOLLOW_CEILING &&
                bounds.maxForwardMove > 0 &&
                bounds.maxForwardMove <= FORWARD_CEILING &&
                bounds.followWindow > 0 &&
                bounds.maxExpiries > 0,
            IVolSurface.InvalidLimits()
        );
    }

    /// @notice Refuses a slice outside its range.
    function checkRange(IVolSurface.SurfaceBounds memory bounds, uint256 expiry, Slice calldata s) internal pure {
        // Rounding towards zero could take the vol below its minimum by less than one unit; it is checked rounded.
        require(
            s.atmVol - (s.atmVol % VOL_UNIT) >= bounds.minVol && s.atmVol <= bounds.maxVol,
            IVolSurface.VolOutOfBounds(expiry, s.atmVol, bounds.minVol, bounds.maxVol)
        );
        require(_distance(s.skew, 0) <= bounds.maxSkew, IVolSurface.SkewOutOfBounds(expiry, s.skew, bounds.maxSkew));
        require(
            s.curvature <= bounds.maxCurvature,
            IVolSurface.CurvatureOutOfBounds(expiry, s.curvature, bounds.maxCurvature)
        );
        require(
            _distance(s.carry, 0) <= bounds.maxCarry,
            IVolSurface.CarryOutOfBounds(expiry, s.carry, bounds.maxCarry)
        );
    }

    /// @notice Refuses a change of vol at the money that is too large for one post.
    function checkVolStep(
        IVolSurface.SurfaceBounds memory bounds,
        uint256 expiry,
        uint256 last,
        uint256 next
    ) internal pure {
        uint256 volStep = _distance(int256(next), int256(last));
        require(volStep <= bounds.maxVolStep, IVolSurface.VolStepTooLarge(expiry, volStep, bounds.maxVolStep));
    }

    /// @notice Refuses a change of a slice that is too large for one post.
    /// @dev Nobody goes further by posting twice: the interval is checked before, and an expiry occurs once in a post.
    function checkStep(
        IVolSurface.SurfaceBounds memory bounds,
        uint256 expiry,
        Slice memory last,
        Slice memory next
    ) internal view {
        checkVolStep(bounds, expiry, last.atmVol, next.atmVol);
        uint256 skewStep = _distance(next.skew, last.skew);
        require(skewStep <= bounds.maxSkewStep, IVolSurface.SkewStepTooLarge(expiry, skewStep, bounds.maxSkewStep));
        uint256 deviation = (next.atmVol * FixedPoint.sqrtTime(expiry - block.timestamp)) / 1e18;
        uint256 wingStep = (_distance(int256(next.curvature), int256(last.curvature)) * deviation) / 1e18;
        require(wingStep <= bounds.maxWingStep, IVolSurface.WingStepTooLarge(expiry, wingStep, bounds.maxWingStep));
        uint256 carryStep = _distance(next.carry, last.carry);
        require(
            carryStep <= bounds.maxCarryStep,
            IVolSurface.CarryStepTooLarge(expiry, carryStep, bounds.maxCarryStep)
        );
    }

    function _distance(int256 a, int256 b) private pure returns (uint256) {
        unchecked {
            return a > b ? uint256(a - b) : uint256(b - a);
        }
    }
}
