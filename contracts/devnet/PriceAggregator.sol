// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IPriceAggregator} from "./IPriceAggregator.sol";

/// @title PriceAggregator
/// @notice One phase of a price feed on the local chain: its owner writes rounds, everyone reads them. It answers the
/// way Chainlink's off-chain-reporting aggregators on mainnet do, oddities included: round ids start at 1, a round that
/// does not exist reads as zeros instead of reverting, and only an id over 32 bits reverts ("No data present").
/// @dev For local chains only: there is one reporter and no quorum.
contract PriceAggregator is IPriceAggregator, Ownable {
    struct Round {
        int192 answer;
        uint64 updatedAt;
    }

    /// @inheritdoc IPriceAggregator
    uint8 public immutable decimals;

    /// @inheritdoc IPriceAggregator
    string public description;

    uint32 private _latestRound;
    mapping(uint32 id => Round round) private _rounds;

    /// @notice A round was written; the event that indexers of Chainlink feeds listen to.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    /// @param owner Writes the rounds.
    /// @param decimals_ Decimals of every answer.
    /// @param description_ The pair, as in "ETH / USD".
    constructor(address owner, uint8 decimals_, string memory description_) Ownable(owner) {
        decimals = decimals_;
        description = description_;
    }

    /// @notice Writes the next round, at the block's time.
    /// @param answer Price, scaled by `decimals`. Zero and negative are accepted, so that consumers can be tested.
    function transmit(int192 answer) external onlyOwner {
        uint32 id = ++_latestRound;
        _rounds[id] = Round({answer: answer, updatedAt: uint64(block.timestamp)});
        emit AnswerUpdated(answer, id, block.timestamp);
    }

    /// @inheritdoc IPriceAggregator
    function latestAnswer() external view returns (int256) {
        return _rounds[_latestRound].answer;
    }

    /// @inheritdoc IPriceAggregator
    function latestTimestamp() external view returns (uint256) {
        return _rounds[_latestRound].updatedAt;
    }

    /// @inheritdoc IPriceAggregator
    function latestRound() external view returns (uint256) {
        return _latestRound;
    }

    /// @inheritdoc IPriceAggregator
    function getAnswer(uint256 roundId) external view returns (int256) {
        return roundId > type(uint32).max ? int256(0) : _rounds[uint32(roundId)].answer;
    }

    /// @inheritdoc IPriceAggregator
    function getTimestamp(uint256 roundId) external view returns (uint256) {
        return roundId > type(uint32).max ? 0 : _rounds[uint32(roundId)].updatedAt;
    }

    /// @inheritdoc IPriceAggregator
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        // A string, because that is what the aggregators on mainnet revert with.
        require(roundId <= type(uint32).max, "No data present"); // solhint-disable-line gas-custom-errors
        return _read(uint32(roundId));
    }

    /// @inheritdoc IPriceAggregator
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return _read(_latestRound);
    }

    /// @inheritdoc IPriceAggregator
    function version() external pure returns (uint256) {
        return 4;
    }

    function _read(uint32 id) private view returns (uint80, int256, uint256, uint256, uint80) {
        Round memory round = _rounds[id];
        return (id, round.answer, round.updatedAt, round.updatedAt, id);
    }
}
