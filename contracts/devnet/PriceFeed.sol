// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IPriceAggregator} from "./IPriceAggregator.sol";

/// @title PriceFeed
/// @notice The address that consumers read: a proxy in front of one aggregator at a time. Each new aggregator opens a
/// *phase*; a round id is `phaseId << 64 | the aggregator's own round id`, so ids jump by about 2^64 at an upgrade while
/// the rounds of older phases stay readable. Functions and failures follow Chainlink's EACAggregatorProxy on mainnet.
/// @dev For local chains only. Mainnet's proxy has read access control on top, which is off for public feeds.
contract PriceFeed is IPriceAggregator, Ownable {
    uint256 private constant PHASE_OFFSET = 64;

    /// @notice Current phase; the first one is 1.
    uint16 public phaseId;

    /// @notice Aggregator of every phase so far; zero for a phase that never was.
    mapping(uint16 phaseId => IPriceAggregator aggregator) public phaseAggregators;

    /// @notice Aggregator that {confirmAggregator} would switch to; zero if none.
    IPriceAggregator public proposedAggregator;

    /// @notice `proposed` may replace `current`.
    event AggregatorProposed(address indexed current, address indexed proposed);

    /// @notice `latest` has replaced `previous`.
    event AggregatorConfirmed(address indexed previous, address indexed latest);

    /// @param owner May switch aggregators.
    /// @param first Aggregator of phase 1.
    constructor(address owner, IPriceAggregator first) Ownable(owner) {
        _openPhase(first);
    }

    /// @notice First half of an upgrade: names the next aggregator.
    function proposeAggregator(IPriceAggregator next) external onlyOwner {
        proposedAggregator = next;
        emit AggregatorProposed(address(aggregator()), address(next));
    }

    /// @notice Second half of an upgrade: opens a phase with the aggregator that was proposed.
    /// @param next Must be the one proposed, so that nobody confirms another by mistake.
    function confirmAggregator(IPriceAggregator next) external onlyOwner {
        // A string, because that is what the proxy on mainnet reverts with.
        // solhint-disable-next-line gas-custom-errors
        require(address(next) == address(proposedAggregator), "Invalid proposed aggregator");
        emit AggregatorConfirmed(address(aggregator()), address(next));
        delete proposedAggregator;
        _openPhase(next);
    }

    /// @inheritdoc IPriceAggregator
    function latestAnswer() external view returns (int256) {
        return aggregator().latestAnswer();
    }

    /// @inheritdoc IPriceAggregator
    function latestTimestamp() external view returns (uint256) {
        return aggregator().latestTimestamp();
    }

    /// @inheritdoc IPriceAggregator
    function latestRound() external view returns (uint256) {
        return _proxyId(phaseId, uint64(aggregator().latestRound()));
    }

    /// @inheritdoc IPriceAggregator
    function getAnswer(uint256 roundId) external view returns (int256) {
        (IPriceAggregator phase, uint64 id) = _lookUp(roundId);
        return address(phase) == address(0) ? int256(0) : phase.getAnswer(id);
    }

    /// @inheritdoc IPriceAggregator
    function getTimestamp(uint256 roundId) external view returns (uint256) {
        (IPriceAggregator phase, uint64 id) = _lookUp(roundId);
        return address(phase) == address(0) ? 0 : phase.getTimestamp(id);
    }

    /// @inheritdoc IPriceAggregator
    function decimals() external view returns (uint8) {
        return aggregator().decimals();
    }

    /// @inheritdoc IPriceAggregator
    function description() external view returns (string memory) {
        return aggregator().description();
    }

    /// @inheritdoc IPriceAggregator
    function version() external view returns (uint256) {
        return aggregator().version();
    }

    /// @inheritdoc IPriceAggregator
    /// @dev Reverts without data for a phase that never was (a call to the zero address), as on mainnet.
    function getRoundData(uint80 roundId) external view returns (uint80, int256, uint256, uint256, uint80) {
        uint16 phase = uint16(roundId >> PHASE_OFFSET);
        return _withPhase(phase, phaseAggregators[phase], uint64(roundId));
    }

    /// @inheritdoc IPriceAggregator
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        IPriceAggregator current = aggregator();
        return _withPhase(phaseId, current, uint64(current.latestRound()));
    }

    /// @notice Aggregator of the current phase.
    function aggregator() public view returns (IPriceAggregator) {
        return phaseAggregators[phaseId];
    }

    function _openPhase(IPriceAggregator next) private {
        phaseAggregators[++phaseId] = next;
    }

    function _lookUp(uint256 roundId) private view returns (IPriceAggregator phase, uint64 id) {
        if (roundId <= type(uint80).max) phase = phaseAggregators[uint16(roundId >> PHASE_OFFSET)];
        id = uint64(roundId);
    }

    function _withPhase(
        uint16 phase,
        IPriceAggregator source,
        uint64 roundId
    ) private view returns (uint80, int256, uint256, uint256, uint80) {
        (uint80 id, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredIn) = source.getRoundData(
            roundId
        );
        return (_proxyId(phase, uint64(id)), answer, startedAt, updatedAt, _proxyId(phase, uint64(answeredIn)));
    }

    function _proxyId(uint16 phase, uint64 id) private pure returns (uint80) {
        return (uint80(phase) << uint80(PHASE_OFFSET)) | id;
    }
}
