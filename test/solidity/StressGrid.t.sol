// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SCENARIOS, StressGrid} from "../../contracts/libraries/StressGrid.sol";
import {Ranges} from "./Ranges.sol";

/// @notice Twelve values in two slots: each comes back as it was stored, rounded down, or nothing is stored.
contract StressGridTest is Ranges {
    using StressGrid for StressGrid.State;

    /// @dev What values are rounded down to, and half of the range that they have room in.
    int256 private constant UNIT = 2 ** 112;
    int256 private constant ROOM = 2 ** 151;

    StressGrid.State private state;

    function store(int256[SCENARIOS] memory values) external {
        state.store(values);
    }

    function testFuzz_ValuesComeBackRoundedDownByLessThanAUnit(uint256 seed) external {
        int256[SCENARIOS] memory values;
        for (uint256 i = 0; i < SCENARIOS; ++i) {
            // Any value that fits, and often one at an edge of its room.
            int256 value = int256(uint256(keccak256(abi.encode(seed, i)))) >> 104;
            uint256 kind = uint256(value) % 8;
            values[i] =
                kind == 0
                    ? ROOM - 1
                    : kind == 1
                        ? -ROOM
                        : kind == 2
                            ? int256(-1)
                            : value;
        }
        state.store(values);
        int256[SCENARIOS] memory stored = state.load();
        for (uint256 i = 0; i < SCENARIOS; ++i) {
            int256 lost = values[i] - stored[i];
            assert(stored[i] % UNIT == 0 && lost >= 0 && lost < UNIT);
        }
    }

    function testFuzz_AValueWithoutRoomIsRefusedWhereverItStands(uint256 seed) external {
        int256[SCENARIOS] memory values;
        int256 beyond = int256(uniform(uint256(keccak256(abi.encode(seed))), 0, 2 ** 200));
        values[seed % SCENARIOS] = seed % 2 == 0 ? ROOM + beyond : -ROOM - 1 - beyond;
        try this.store(values) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == StressGrid.StressTooLarge.selector);
        }
    }

    /// @dev T15: a rule that binds only growing losses sees the smallest one, whichever scenario is worst.
    function testFuzz_T15_TheWorstIsLessByWhateverIsLost(uint256 seed) external pure {
        int256[SCENARIOS] memory values;
        uint256[SCENARIOS] memory grid = StressGrid.scenarios();
        for (uint256 i = 0; i < SCENARIOS; ++i) values[i] = int256(uint256(keccak256(abi.encode(seed, i)))) >> 90;
        int256 base = int256(uint256(keccak256(abi.encode(seed, "base")))) >> 170;
        uint256 spot = uniform(uint256(keccak256(abi.encode(seed, "spot"))), 1e15, 1e24);
        (int256 before, uint256 scenario) = StressGrid.worst(values, grid, base, spot);
        values[scenario] -= 1;
        (int256 afterwards, uint256 same) = StressGrid.worst(values, grid, base, spot);
        assert(afterwards == before - 1 && same == scenario);
    }
}
