// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title IPriceAggregator
/// @notice What a Chainlink proxy calls on an aggregator, and what consumers call on the proxy: the v2 functions, which
/// Aave's oracle still uses, and the v3 ones.
interface IPriceAggregator {
    /// @notice Newest answer, scaled by `decimals`; 0 before the first round.
    function latestAnswer() external view returns (int256);

    /// @notice When the newest answer arrived; 0 before the first round.
    function latestTimestamp() external view returns (uint256);

    /// @notice Id of the newest round; 0 before the first one.
    function latestRound() external view returns (uint256);

    /// @notice Answer of a round; 0 if there is none.
    function getAnswer(uint256 roundId) external view returns (int256);

    /// @notice When a round's answer arrived; 0 if there is none.
    function getTimestamp(uint256 roundId) external view returns (uint256);

    /// @notice Number of decimals of every answer.
    function decimals() external view returns (uint8);

    /// @notice The pair, as in "ETH / USD".
    function description() external view returns (string memory);

    /// @notice Version of the implementation.
    function version() external view returns (uint256);

    /// @notice A round by id.
    /// @return id The id asked for.
    /// @return answer Price, scaled by `decimals`.
    /// @return startedAt When the round began.
    /// @return updatedAt When the answer arrived; 0 if there is no such round.
    /// @return answeredInRound Deprecated by Chainlink; equal to `id`.
    function getRoundData(
        uint80 roundId
    ) external view returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);

    /// @notice The newest round, in the shape of {getRoundData}.
    function latestRoundData()
        external
        view
        returns (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound);
}
