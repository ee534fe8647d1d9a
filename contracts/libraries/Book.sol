// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {ExpiryTotals, Leg} from "../interfaces/Types.sol";
import {SeriesId} from "./SeriesId.sol";
import {USDC_UNIT, WAD} from "./Units.sol";

/// @dev At most so many series share an expiry.
uint256 constant MAX_SERIES_PER_EXPIRY = 32;

/// @title The vault's positions, kept per expiry
/// @notice Owns the storage of listed series, signed positions (negative: the vault is short) and what a settled expiry
/// owes, and the verbs on them. A series is one slot and an expiry's totals are one slot, since they are what a trade, a
/// mark and a settlement pay for.
library Book {
    using SafeCast for *;

    /// @dev One slot. `quantity` in WAD contracts.
    struct Series {
        uint96 strike;
        bool isCall;
        int128 quantity;
    }

    /// @dev Beside each other, so that a position is found without reading the length of a list.
    struct ExpiryBook {
        ExpiryTotals totals;
        Series[MAX_SERIES_PER_EXPIRY] series;
    }

    struct State {
        /// @dev Listed and not settled.
        uint40[] expiries;
        mapping(uint256 expiry => ExpiryBook) byExpiry;
        /// @dev One more than the index of a series in its expiry.
        mapping(uint256 id => uint256) indexOf;
    }

    /// @notice Short contracts of a series and of its whole expiry, WAD.
    struct OpenInterest {
        uint256 open;
        uint256 inExpiry;
    }

    error SeriesNotListed(uint256 id);
    error SeriesAlreadyListed(uint256 id);
    error TooManyExpiries(uint256 limit);
    error TooManySeries(uint256 expiry, uint256 limit);
    error ExpiryNotListed(uint256 expiry);
    /// @notice People hold `contracts` (WAD) of the series: it stays listed until it settles.
    error SeriesInUse(uint256 id, uint256 contracts);
    error MoreThanOpen(uint256 id, uint256 quantity);
    /// @notice The series' expiry has no settlement price yet.
    error NotSettled(uint256 id);

    uint256 internal constant MAX_EXPIRIES = 8;

    /// @notice Adds a series with no position; its expiry too, if it is the first of it.
    function list(State storage self, uint256 id) internal {
        if (self.indexOf[id] != 0) revert SeriesAlreadyListed(id);
        (uint256 expiry, uint256 strike, bool isCall) = SeriesId.decode(id);
        ExpiryBook storage book = self.byExpiry[expiry];
        uint256 listed = book.totals.listed;
        if (listed == 0) {
            if (self.expiries.length == MAX_EXPIRIES) revert TooManyExpiries(MAX_EXPIRIES);
            self.expiries.push(uint40(expiry));
        }
        if (listed == MAX_SERIES_PER_EXPIRY) revert TooManySeries(expiry, MAX_SERIES_PER_EXPIRY);
        book.series[listed] = Series({strike: uint96(strike), isCall: isCall, quantity: 0});
        book.totals.listed = uint8(listed + 1);
        self.indexOf[id] = listed + 1;
    }

    /// @notice Takes a series without contracts off the list; its expiry too, if it is the last of it.
    function delist(State storage self, uint256 id) internal {
        (Series storage series, ExpiryTotals storage totals) = find(self, id);
        uint256 expiry = SeriesId.expiryOf(id);
        if (totals.settlementPrice != 0) revert ExpiryNotListed(expiry);
        if (series.quantity != 0) revert SeriesInUse(id, SignedMath.abs(series.quantity));
        uint256 last = totals.listed - 1;
        Series memory moved = self.byExpiry[expiry].series[last];
        self.indexOf[SeriesId.encode(expiry, moved.strike, moved.isCall)] = self.indexOf[id];
        self.byExpiry[expiry].series[self.indexOf[id] - 1] = moved;
        delete self.indexOf[id];
        totals.listed = uint8(last);
        if (last == 0) _close(self.expiries, expiry);
    }

    /// @notice The vault takes the other side of `leg`. @return open,inExpiry See OpenInterest; as it is afterwards.
    /// @dev The vault never becomes long: nobody can sell what was not bought from it.
    function take(State storage self, Leg calldata leg) internal returns (uint256 open, uint256 inExpiry) {
        (Series storage series, ExpiryTotals storage totals) = find(self, leg.id);
        int256 quantity = series.quantity - leg.quantity;
        if (quantity > 0) revert MoreThanOpen(leg.id, uint256(-leg.quantity));
        series.quantity = quantity.toInt128();
        open = uint256(-quantity);
        inExpiry = uint256(int256(uint256(totals.contracts)) + leg.quantity);
        totals.contracts = inExpiry.toUint88();
    }

    /// @notice Fixes the price of an expiry and takes it out of the open ones.
    /// @return owed USDC for all its holders, each series rounded up.
    function settle(State storage self, uint256 expiry, uint256 price) internal returns (uint256 owed) {
        ExpiryBook storage book = self.byExpiry[expiry];
        ExpiryTotals memory totals = book.totals;
        if (totals.listed == 0 || totals.settlementPrice != 0) revert ExpiryNotListed(expiry);
        for (uint256 i = 0; i < totals.listed; ++i) {
            Series memory s = book.series[i];
            if (s.quantity == 0) continue;
            uint256 payoff = SeriesId.payoff(s.strike, s.isCall, price);
            owed += Math.ceilDiv(Math.mulDiv(uint256(-int256(s.quantity)), payoff, WAD), USDC_UNIT);
        }
        totals.settlementPrice = price.toUint96();
        totals.owed = owed.toUint64();
        book.totals = totals;
        _close(self.expiries, expiry);
    }

    /// @notice A holder gives up `quantity` (WAD) of a settled series.
    /// @return assets USDC the holder gets, rounded down.
    /// @return released What is owed less in all: with the last holder of an expiry goes the dust of rounding.
    function redeem(
        State storage self,
        uint256 id,
        uint256 quantity
    ) internal returns (uint256 assets, uint256 released) {
        (, uint256 strike, bool isCall) = SeriesId.decode(id);
        (Series storage series, ExpiryTotals storage stored) = find(self, id);
        ExpiryTotals memory totals = stored;
        if (totals.settlementPrice == 0) revert NotSettled(id);
        int256 left = series.quantity + quantity.toInt256();
        if (left > 0) revert MoreThanOpen(id, quantity);
        series.quantity = int128(left);

        assets = Math.mulDiv(quantity, SeriesId.payoff(strike, isCall, totals.settlementPrice), WAD * USDC_UNIT);
        totals.contracts -= uint88(quantity);
        released = totals.contracts == 0 ? totals.owed : assets;
        totals.owed -= uint64(released);
        (stored.contracts, stored.owed) = (totals.contracts, totals.owed);
    }

    /// @notice A series and the totals of its expiry; reverts if it was never listed.
    function find(State storage self, uint256 id) internal view returns (Series storage, ExpiryTotals storage) {
        uint256 place = self.indexOf[id];
        if (place == 0) revert SeriesNotListed(id);
        uint256 expiry = SeriesId.expiryOf(id);
        ExpiryBook storage book = self.byExpiry[expiry];
        return (book.series[place - 1], book.totals);
    }

    /// @notice The vault's position in a series, WAD; zero if it was never listed.
    function positionOf(State storage self, uint256 id) internal view returns (int256) {
        if (self.indexOf[id] == 0) return 0;
        (Series storage series, ) = find(self, id);
        return series.quantity;
    }

    /// @notice Every listed series of every open expiry, with its position.
    function all(State storage self) internal view returns (uint256[] memory ids, int256[] memory quantities) {
        uint256 count = 0;
        for (uint256 i = 0; i < self.expiries.length; ++i) count += self.byExpiry[self.expiries[i]].totals.listed;
        ids = new uint256[](count);
        quantities = new int256[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < self.expiries.length; ++i) {
            uint256 expiry = self.expiries[i];
            ExpiryBook storage book = self.byExpiry[expiry];
            for (uint256 j = 0; j < book.totals.listed; ++j) {
                Series memory s = book.series[j];
                ids[next] = SeriesId.encode(expiry, s.strike, s.isCall);
                quantities[next++] = s.quantity;
            }
        }
    }

    /// @notice Short contracts over all open expiries, WAD.
    function openContracts(State storage self) internal view returns (uint256 total) {
        for (uint256 i = 0; i < self.expiries.length; ++i) total += self.byExpiry[self.expiries[i]].totals.contracts;
    }

    function _close(uint40[] storage expiries, uint256 expiry) private {
        uint256 last = expiries.length - 1;
        for (uint256 i = 0; i < last; ++i) {
            if (expiries[i] == expiry) {
                expiries[i] = expiries[last];
                break;
            }
        }
        expiries.pop();
    }
}
