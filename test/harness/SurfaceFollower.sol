// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IVolSurface} from "../../contracts/interfaces/IVolSurface.sol";
import {ExpiryTotals} from "../../contracts/interfaces/Types.sol";

/// @notice Stands in for a vault towards a surface: says which expiries are listed, and lets references follow as far as time
/// allows, or a part of it.
contract SurfaceFollower {
    IVolSurface private immutable surface;
    mapping(uint256 expiry => bool) private unlisted;
    uint256 public portion = 1e18;

    constructor(IVolSurface surface_) {
        surface = surface_;
    }

    function setPortion(uint256 next) external {
        portion = next;
    }

    function delist(uint256 expiry) external {
        unlisted[expiry] = true;
    }

    function expiryOf(uint256 expiry) external view returns (ExpiryTotals memory e) {
        e.listed = unlisted[expiry] ? 0 : 2;
    }

    function followSurface() external {
        uint256[] memory expiries = surface.expiries();
        uint256[] memory portions = new uint256[](expiries.length);
        for (uint256 i = 0; i < expiries.length; ++i) portions[i] = portion;
        surface.advance(expiries, portions);
    }
}
