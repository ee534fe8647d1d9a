// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IPriceOracle} from "../interfaces/IPriceOracle.sol";

/// @title Which oracle values the pool, and which one decides each expiry
/// @notice The oracle can be replaced. An expiry keeps the one it was listed with, so that nobody chooses what open options
/// pay, unless that one has had no price for a week.
/// @dev Deployed by itself and linked, as RiskEngine is.
library PriceSources {
    struct State {
        IPriceOracle current;
        mapping(uint256 expiry => IPriceOracle) deciding;
    }

    /// @dev How long an oracle must have been silent to be replaced for expiries that are listed, too. As long as after an
    /// expiry until the governor may settle it.
    uint256 internal constant SILENCE = 7 days;

    /// @notice Whoever values the pool now decides `expiry`, from its first listing on.
    function list(State storage self, uint256 expiry) internal {
        if (address(self.deciding[expiry]) == address(0)) self.deciding[expiry] = self.current;
    }

    /// @notice The oracle that decides `expiry`; of one that is not listed, the present one.
    function decidingFor(State storage self, uint256 expiry) internal view returns (IPriceOracle) {
        IPriceOracle found = self.deciding[expiry];
        return address(found) == address(0) ? self.current : found;
    }

    /// @notice `next` values the pool from now on, and decides those of `expiries` whose oracle has been silent.
    /// Reverts if it has no price now.
    function replace(State storage self, IPriceOracle next, uint40[] storage expiries) external {
        next.spot();
        self.current = next;
        for (uint256 i = 0; i < expiries.length; ++i) {
            if (_isSilent(self.deciding[expiries[i]])) self.deciding[expiries[i]] = next;
        }
    }

    /// @dev One that cannot say when it spoke last is not silent: for want of a proof, its expiries wait for the governor.
    function _isSilent(IPriceOracle oracle) private view returns (bool) {
        try oracle.lastUpdate() returns (uint256 updatedAt) {
            return block.timestamp >= updatedAt + SILENCE;
        } catch {
            return false;
        }
    }
}
