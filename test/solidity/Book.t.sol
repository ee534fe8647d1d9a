// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Leg} from "../../contracts/interfaces/Types.sol";
import {Book} from "../../contracts/libraries/Book.sol";
import {SeriesId} from "../../contracts/libraries/SeriesId.sol";

/// @notice The vault is short or has nothing, whatever its market asks for.
contract BookTest {
    using Book for Book.State;

    uint256 private constant EXPIRY = 2_000_000_000;

    Book.State private book;

    function take(Leg calldata leg) external returns (uint256, uint256) {
        return book.take(leg);
    }

    function test_NoMoreIsTakenBackThanIsOpen() external {
        (uint256 id, uint256 other) = (_list(3000e18), _list(3300e18));
        this.take(Leg(other, 5e18));
        this.take(Leg(id, 2e18));
        this.take(Leg(id, -0.5e18));
        try this.take(Leg(id, -1.5e18 - 1)) {
            assert(false);
        } catch (bytes memory reason) {
            assert(bytes4(reason) == Book.MoreThanOpen.selector);
        }
        (uint256 open, uint256 inExpiry) = this.take(Leg(id, -1.5e18));
        assert(open == 0 && inExpiry == 5e18 && book.positionOf(id) == 0);
    }

    function _list(uint256 strike) private returns (uint256 id) {
        id = SeriesId.encode(EXPIRY, strike, true);
        book.list(id);
    }
}
