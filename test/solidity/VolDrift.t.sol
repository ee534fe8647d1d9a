// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {VolSurface} from "../../contracts/VolSurface.sol";
import {IOptionVault} from "../../contracts/interfaces/IOptionVault.sol";
import {IVolSurface} from "../../contracts/interfaces/IVolSurface.sol";
import {Slice} from "../../contracts/interfaces/Types.sol";
import {BlackScholes} from "../../contracts/libraries/BlackScholes.sol";
import {FixedPoint} from "../../contracts/libraries/FixedPoint.sol";
import {Ssvi} from "../../contracts/libraries/Ssvi.sol";
import {Ranges} from "./Ranges.sol";

interface Clock {
    function warp(uint256 time) external;
}

/// @notice How far references follow, in terms of what it is for: the prices of options. This contract stands in for the vault.
contract VolDriftTest is Ranges {
    Clock private constant CLOCK = Clock(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant START = 1_700_000_000;
    uint256 private constant SPOT = 2000e18;
    uint256 private constant FOLLOW = 0.12e18;
    uint256 private constant FORWARD_MOVE = 0.0005e18;
    uint256 private constant WINDOW = 1 days;
    uint256 private constant SQRT_TWO_PI = 2.506628274631000503e18;

    VolSurface private _surface;
    uint256 private _expiry;

    function setUp() public {
        CLOCK.warp(START);
        IVolSurface.SurfaceBounds memory limits = IVolSurface.SurfaceBounds({
            minVol: 0.05e18,
            maxVol: 4e18,
            maxSkew: 0.95e18,
            maxCarry: 1e18,
            maxVolStep: 0.3e18,
            maxSkewStep: 1.9e18,
            maxWingStep: 3e18,
            maxCarryStep: 0.5e18,
            maxCurvature: 1e4 * 1e18,
            minInterval: 1 minutes,
            maxAge: 1 hours,
            maxTenor: 730 days,
            maxExpiries: 8,
            maxFollow: uint64(FOLLOW),
            maxForwardMove: uint64(FORWARD_MOVE),
            followWindow: uint32(WINDOW)
        });
        _surface = new VolSurface(address(new AccessManager(address(this))), limits);
        _surface.setVault(IOptionVault(address(this)));
    }

    /// @dev The vault's part: what is posted is followed by the test itself.
    function followSurface() external {}

    /// @dev T57, T58: whatever a poster's key does for two days, the price of any option by the references moves by no more than time
    /// lets them follow, however often and whenever that is done.
    function testFuzz_T57_ReferencePricesMoveNoFasterThanTheyMay(uint256 seed) external {
        uint256 time = START;
        _expiry = START + logarithmic(seed, 3 days, 365 days);
        _post(Slice({atmVol: uniform(seed >> 8, 0.3e18, 1e18), skew: 0, curvature: 1e18, carry: 0}));
        uint256 moved = START;
        for (uint256 round = 0; round < 8; ++round) {
            seed = uint256(keccak256(abi.encode(seed)));
            time += logarithmic(seed >> 8, 1 minutes, 6 hours);
            CLOCK.warp(time);
            if (seed % 2 == 0) {
                _follow(seed, time - moved);
                moved = time;
            }
            try this.post(_next(seed)) {
                moved = time;
            } catch {}
        }
    }

    function _follow(uint256 seed, uint256 elapsed) private {
        (Slice memory before, ) = _surface.moveOf(_expiry);
        uint256[] memory expiries = new uint256[](1);
        uint256[] memory portions = new uint256[](1);
        (expiries[0], portions[0]) = (_expiry, 1e18);
        _surface.advance(expiries, portions);
        (Slice memory afterwards, ) = _surface.moveOf(_expiry);
        uint256 root = FixedPoint.sqrtTime(_expiry - block.timestamp);
        uint256 distance = (uniform(seed >> 16, 0, 8e18) * before.atmVol) / 1e18;
        uint256 moneyness = FixedPoint.exp(((int256(distance) - 4 * int256(before.atmVol)) * int256(root)) / 1e18);
        uint256 strike = (SPOT * moneyness) / 1e18;
        // Between the points where vol is compared it may change by a fifth more than at them; the way there bends a little.
        uint256 higher = before.carry > afterwards.carry ? _forward(before) : _forward(afterwards);
        uint256 vol = (FOLLOW * elapsed) / WINDOW;
        uint256 bound = (((higher * root) / SQRT_TWO_PI) * vol * 15) / 1e19;
        bound += (higher * FORWARD_MOVE * elapsed * 11) / (WINDOW * 1e19);
        assert(difference(_callAt(afterwards, strike), _callAt(before, strike)) <= bound + 1e11);
    }

    function _next(uint256 seed) private view returns (Slice memory) {
        (Slice memory last, ) = _surface.sliceOf(_expiry);
        uint256 raised = last.atmVol + uniform(seed >> 32, 0, 0.2e18);
        return
            Slice({
                atmVol: raised < 0.2e18 ? 0.1e18 : raised - 0.1e18,
                skew: last.skew + int256(uniform(seed >> 48, 0, 0.6e18)) - 0.3e18,
                curvature: (last.curvature * uniform(seed >> 64, 0.5e18, 2e18)) / 1e18,
                carry: last.carry + int256(uniform(seed >> 80, 0, 0.2e18)) - 0.1e18
            });
    }

    function post(Slice memory s) external {
        require(msg.sender == address(this));
        _post(s);
    }

    function _post(Slice memory s) private {
        uint256[] memory expiries = new uint256[](1);
        Slice[] memory slices = new Slice[](1);
        expiries[0] = _expiry;
        slices[0] = s;
        _surface.post(expiries, slices);
    }

    function _callAt(Slice memory s, uint256 strike) private view returns (uint256 call) {
        uint256 timeToExpiry = _expiry - block.timestamp;
        uint256 forward = _forward(s);
        uint256 vol = Ssvi.impliedVol(s, timeToExpiry, strike, forward);
        (call, , , ) = BlackScholes.greeks(forward, strike, timeToExpiry, vol);
    }

    function _forward(Slice memory s) private view returns (uint256) {
        return (SPOT * FixedPoint.exp((s.carry * int256(_expiry - block.timestamp)) / 365 days)) / 1e18;
    }
}
