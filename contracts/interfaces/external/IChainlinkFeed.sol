// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

/// @notice The part of Chainlink's feeds that Keel reads. On a proxy a round id is `phaseId << 64 | aggregatorRoundId`.
interface IChainlinkAggregator {
    function decimals() external view returns (uint8);

    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    function getRoundData(
        uint80 roundId
    )
        external
        view
        returns (uint80 roundId_, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}

/// @notice The bounds of an aggregator's answers, which it gives when the price is beyond them. Not every aggregator has them.
interface IChainlinkBounds {
    function minAnswer() external view returns (int192);

    function maxAnswer() external view returns (int192);
}

/// @notice A Chainlink proxy: the stable address of a feed, behind which aggregators follow each other in phases.
interface IChainlinkFeed is IChainlinkAggregator {
    function phaseId() external view returns (uint16);

    function phaseAggregators(uint16 phaseId) external view returns (address);
}
