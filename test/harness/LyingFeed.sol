// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IChainlinkFeed} from "../../contracts/interfaces/external/IChainlinkFeed.sol";

/// @notice A feed that says what a test tells it to, true or not.
contract LyingFeed is IChainlinkFeed {
    struct Round {
        int256 answer;
        uint256 updatedAt;
        bool reverts;
    }

    uint8 public decimals = 8;
    uint16 public phaseId = 1;
    /// @dev Zeros say nothing: no bounds.
    int192 public minAnswer;
    int192 public maxAnswer;
    uint80 private latest;
    mapping(uint80 roundId => Round) private rounds;
    mapping(uint16 phase => address) public phaseAggregators;

    function say(uint80 roundId, int256 answer, uint256 updatedAt) external {
        rounds[roundId] = Round(answer, updatedAt, false);
        latest = roundId;
        phaseId = uint16(roundId >> 64);
    }

    function failOn(uint80 roundId) external {
        rounds[roundId].reverts = true;
    }

    function setDecimals(uint8 next) external {
        decimals = next;
    }

    function setBounds(int192 least, int192 most) external {
        (minAnswer, maxAnswer) = (least, most);
    }

    function setAggregator(uint16 phase, address aggregator) external {
        phaseAggregators[phase] = aggregator;
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return getRoundData(latest);
    }

    function getRoundData(uint80 roundId) public view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory r = rounds[roundId];
        require(!r.reverts, "no data present");
        return (roundId, r.answer, r.updatedAt, r.updatedAt, roundId);
    }
}
