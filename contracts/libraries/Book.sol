// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {SeriesId} from "./SeriesId.sol";

/// @title The vault's positions, kept per expiry
/// @notice Owns the storage of listed series and signed positions, and the verbs on them. A position is the vault's:
/// negative when it is short. Stored aggregates elsewhere can always be recomputed from here.
library Book {
    using SafeCast for *;

    struct State {
        uint256[] expiries;
        mapping(uint256 expiry => uint256[] ids) seriesOf;
        mapping(uint256 id => Position) positions;
    }

    struct Position {
        int128 quantity;
        bool listed;
    }

    error SeriesNotListed(uint256 id);
    error SeriesAlreadyListed(uint256 id);
    error TooManyExpiries(uint256 limit);
    error TooManySeries(uint256 expiry, uint256 limit);
    error ExpiryNotListed(uint256 expiry);
    error MoreThanOpen(uint256 id, uint256 quantity);

    uint256 internal constant MAX_EXPIRIES = 8;
    uint256 internal constant MAX_SERIES_PER_EXPIRY = 32;

    /// @notice Adds a series with no position; its expiry too, if it is the first of it.
    function list(State storage self, uint256 id) internal {
        if (self.positions[id].listed) revert SeriesAlreadyListed(id);
        (uint256 expiry, , ) = SeriesId.decode(id);
        uint256[] storage ids = self.seriesOf[expiry];
        if (ids.length == 0) {
            if (self.expiries.length == MAX_EXPIRIES) revert TooManyExpiries(MAX_EXPIRIES);
            self.expiries.push(expiry);
        }
        if (ids.length == MAX_SERIES_PER_EXPIRY) revert TooManySeries(expiry, MAX_SERIES_PER_EXPIRY);
        ids.push(id);
        self.positions[id].listed = true;
    }

    /// @notice Changes the vault's position in a listed series by `change`.
    function add(State storage self, uint256 id, int256 change) internal returns (int256 quantity) {
        Position storage position = self.positions[id];
        if (!position.listed) revert SeriesNotListed(id);
        quantity = position.quantity + change;
        position.quantity = quantity.toInt128();
    }

    /// @notice Takes `quantity` (WAD, positive) off the vault's short position in a settled series. @return what is left.
    function reduce(State storage self, uint256 id, uint256 quantity) internal returns (int256 left) {
        Position storage position = self.positions[id];
        left = position.quantity + quantity.toInt256();
        if (left > 0) revert MoreThanOpen(id, quantity);
        position.quantity = int128(left);
    }

    /// @notice Takes a whole expiry out of the book. Its positions stay readable, its series are no longer listed.
    function remove(State storage self, uint256 expiry) internal returns (uint256[] memory ids) {
        ids = self.seriesOf[expiry];
        if (ids.length == 0) revert ExpiryNotListed(expiry);
        for (uint256 i = 0; i < ids.length; ++i) self.positions[ids[i]].listed = false;
        delete self.seriesOf[expiry];

        uint256[] storage expiries = self.expiries;
        uint256 last = expiries.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (expiries[i] == expiry) {
                expiries[i] = expiries[last];
                break;
            }
        }
        expiries.pop();
    }

    /// @notice Every listed series of every open expiry, with its position.
    function all(State storage self) internal view returns (uint256[] memory ids, int256[] memory quantities) {
        uint256 count = 0;
        for (uint256 i = 0; i < self.expiries.length; ++i) count += self.seriesOf[self.expiries[i]].length;
        ids = new uint256[](count);
        quantities = new int256[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < self.expiries.length; ++i) {
            uint256[] storage series = self.seriesOf[self.expiries[i]];
            for (uint256 j = 0; j < series.length; ++j) {
                ids[next] = series[j];
                quantities[next++] = self.positions[series[j]].quantity;
            }
        }
    }

    function quantityOf(State storage self, uint256 id) internal view returns (int256) {
        return self.positions[id].quantity;
    }
}
