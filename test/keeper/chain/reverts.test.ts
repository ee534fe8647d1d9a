import { expect } from "chai";
import { encodeErrorResult, parseAbi } from "viem";
import { hedgeDeskAbi } from "../../../sdk/abi/hedgeDesk.ts";
import { priceOracleAbi } from "../../../sdk/abi/priceOracle.ts";
import { decodeRevert, isPriceRevert } from "../../../sdk/reverts.ts";

describe("Decoding of reverts", () => {
  it("names the error, its arguments and what it means", () => {
    const data = encodeErrorResult({ abi: hedgeDeskAbi, errorName: "NotTowardsNeutral", args: [5n, 3n] });
    expect(decodeRevert(data)).to.deep.equal({
      name: "NotTowardsNeutral",
      sentence: "NotTowardsNeutral(amount 5, netDelta 3): the net delta has changed since the order was planned",
    });
  });

  it("knows the errors of every contract that a call may pass through", () => {
    const data = encodeErrorResult({ abi: priceOracleAbi, errorName: "StalePrice", args: [1n, 2n] });
    expect(decodeRevert(data).sentence).to.include("StalePrice(updatedAt 1, limit 2): the oracle has not been updated");
  });

  it("reads the reasons of contracts that revert with text, as Aave does", () => {
    const abi = parseAbi(["error Error(string reason)"]);
    const revert = decodeRevert(encodeErrorResult({ abi, errorName: "Error", args: ["50"] }));
    expect(revert.name).to.equal("50");
    expect(isPriceRevert(revert)).to.equal(false);
  });

  it("knows the errors after which a smaller order may pass", () => {
    const abi = parseAbi(["error NothingFilled(uint256 baseAmount, uint256 quoteLimit)"]);
    const data = encodeErrorResult({ abi, errorName: "NothingFilled", args: [1n, 2n] });
    expect(isPriceRevert(decodeRevert(data))).to.equal(true);
  });

  it("shows the data of an error that it does not know", () => {
    expect(decodeRevert("0xdeadbeef").sentence).to.include("0xdeadbeef");
  });
});
